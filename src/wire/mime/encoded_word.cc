#include "wire/mime/encoded_word.h"

#include <optional>
#include <utility>

#include "base/cursor.h"
#include "base/text.h"
#include "wire/mime/charset.h"
#include "wire/mime/lexer.h"
#include "wire/mime/transfer_encoding.h"

namespace veredus::mime {
namespace {

struct EncodedWord {
  std::string_view charset;
  std::string bytes;     ///< Decoded, still in that charset.
  std::string_view raw;  ///< As written.
};

/// Folding inside of a word is not part of it: no line ending, no white space that follows one.
std::string without_folding(std::string_view text) {
  std::string out;
  Cursor in(text);
  while (!in.done()) {
    out += in.take_while([](char c) { return c != '\r' && c != '\n'; });
    if (!in.done()) in.take_while(is_field_space);
  }
  return out;
}

/// "Q" is quoted-printable with "_" for a space, and without its rules for white space.
std::string decode_q(std::string_view text) {
  std::string quoted;
  for (const char c : text) {
    if (c == '_' || c == ' ') {
      quoted += "=20";
    } else {
      quoted += c;
    }
  }
  return decode_quoted_printable(quoted);
}

/// The encoded word at the cursor; consumes nothing when there is none.
std::optional<EncodedWord> take_word(Cursor& in) {
  constexpr auto is_not_question = [](char c) { return c != '?' && !is_field_space(c); };
  Cursor at = in;
  if (!at.eat("=?")) return std::nullopt;
  const std::string_view charset = at.take_while(is_not_question);
  if (charset.empty() || !at.eat('?')) return std::nullopt;
  const std::string encoding = ascii_lower(at.take(1));
  if ((encoding != "q" && encoding != "b") || !at.eat('?')) return std::nullopt;
  const std::size_t octets = at.rest().find("?=");
  if (octets == std::string_view::npos) return std::nullopt;
  const std::string text = without_folding(at.take(octets));
  at.eat("?=");
  EncodedWord word;
  word.charset = charset.substr(0, charset.find('*'));  // RFC 2231 §5: a language may follow.
  word.bytes = encoding == "q" ? decode_q(text) : decode_base64(text);
  word.raw = in.rest().substr(0, at.position() - in.position());
  in = at;
  return word;
}

/// Adjacent encoded words of one charset, not converted yet.
class Run {
 public:
  bool empty() const noexcept { return raw_.empty(); }

  void add(const EncodedWord& word, std::string& out) {
    if (!empty() && !iequals(word.charset, charset_)) flush(out);
    charset_ = word.charset;
    bytes_ += word.bytes;
    raw_ += word.raw;
  }

  void flush(std::string& out) {
    if (empty()) return;
    if (const auto text = to_utf8(bytes_, charset_)) {
      out += *text;
    } else {
      out += raw_;
    }
    bytes_.clear();
    raw_.clear();
  }

 private:
  std::string_view charset_;
  std::string bytes_;
  std::string raw_;
};

void append_unfolded(std::string_view text, std::string& out) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_ending =
        text[i] == '\n' || (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n');
    if (!is_ending) out += text[i];
  }
}

}  // namespace

std::string decode_words(std::string_view text) {
  std::string out;
  Run run;
  Cursor in(text);
  // Once "?=" has been looked for in vain there is no word in the rest: no second look.
  const std::size_t last_end = text.rfind("?=");
  while (!in.done()) {
    const std::string_view space = in.take_while(is_field_space);
    const bool may_be_word = last_end != std::string_view::npos && in.position() < last_end;
    const auto word = may_be_word ? take_word(in) : std::nullopt;
    if (word) {
      if (run.empty()) append_unfolded(space, out);
      run.add(*word, out);
      continue;
    }
    run.flush(out);
    append_unfolded(space, out);
    // A word may begin at any "=?", also inside of other text.
    out += in.take(1);
    out += in.take_while([](char c) { return !is_field_space(c) && c != '='; });
  }
  run.flush(out);
  return out;
}

}  // namespace veredus::mime
