#include "wire/mime/lexer.h"

namespace veredus::mime {
namespace {

constexpr bool is_token_char(char c) noexcept {
  constexpr std::string_view kSpecials = "()<>@,;:\\\"/[]?=";
  const auto octet = static_cast<unsigned char>(c);
  return octet > ' ' && octet != 0x7F && !kSpecials.contains(c);
}

}  // namespace

void Lexer::go_to(std::size_t position) noexcept {
  const std::size_t at = in_.position();
  const char* const begin = in_.rest().data() - at;
  in_ = Cursor({begin, at + in_.rest().size()});
  in_.take(position);
}

bool Lexer::skip_space() noexcept { return !in_.take_while(is_field_space).empty(); }

bool Lexer::skip_cfws(std::string* comments) {
  const std::size_t begin = position();
  skip_space();
  while (peek() == '(') {
    const std::string comment = take_comment();
    if (comments != nullptr && !comment.empty()) {
      if (!comments->empty()) *comments += ' ';
      *comments += comment;
    }
    skip_space();
  }
  return position() != begin;
}

std::string Lexer::take_token() { return std::string(in_.take_while(is_token_char)); }

std::string_view Lexer::take_until(std::string_view stops) noexcept {
  return in_.take_while([&](char c) { return !is_field_space(c) && !stops.contains(c); });
}

void Lexer::take_octet(std::string& out) {
  const char c = in_.take(1).front();
  const bool is_ending = c == '\n' || (c == '\r' && in_.peek() == '\n');
  if (!is_ending) out += c;
}

void Lexer::take_escaped(std::string& out) {
  if (done()) return;
  // A backslash before a line ending stands for itself: the folding is not part of the text.
  if (peek() == '\r' || peek() == '\n') out += '\\';
  take_octet(out);
}

std::string Lexer::take_quoted() {
  std::string out;
  in_.eat('"');
  while (!done()) {
    if (in_.eat('"')) return out;
    if (in_.eat('\\')) {
      take_escaped(out);
    } else {
      take_octet(out);
    }
  }
  sound_ = false;
  return out;
}

std::string Lexer::take_comment() {
  std::string out;
  in_.eat('(');
  for (std::size_t depth = 1; !done();) {
    if (in_.eat('\\')) {
      take_escaped(out);
      continue;
    }
    if (peek() == '(') ++depth;
    if (peek() == ')' && --depth == 0) {
      in_.eat(')');
      return out;
    }
    take_octet(out);
  }
  sound_ = false;
  return out;
}

}  // namespace veredus::mime
