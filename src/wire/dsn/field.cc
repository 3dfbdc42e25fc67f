#include "wire/dsn/field.h"

#include <algorithm>

#include "base/text.h"
#include "wire/smtp/chars.h"

namespace veredus::dsn {

namespace {

constexpr std::string_view kBlank = " \t\r\n\v\f";

/// Control octets as \xNN.
std::string without_controls(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (smtp::is(smtp::kControl, c))
      out += printable({&c, 1});
    else
      out += c;
  }
  return out;
}

/// Where the piece that begins at `at` ends: before the next single space, or where it must be cut.
std::size_t end_of_piece(std::string_view value, std::size_t at) {
  std::size_t space = value.find(' ', at + 1);
  while (space != std::string_view::npos && space + 1 < value.size() &&
         (value[space - 1] == ' ' || value[space + 1] == ' '))
    space = value.find(' ', space + 1);
  return std::min({space, at + kLineOctetsMax, value.size()});
}

}  // namespace

std::string one_line(std::string_view text, std::size_t octets_max) {
  std::string joined;
  for (std::string_view rest = text.substr(0, octets_max + 1);;) {
    rest.remove_prefix(std::min(rest.find_first_not_of(kBlank), rest.size()));
    if (rest.empty()) break;
    if (!joined.empty()) joined += ' ';
    const std::string_view word = rest.substr(0, rest.find_first_of(kBlank));
    joined += word;
    rest.remove_prefix(word.size());
  }
  std::string out = printable(joined, octets_max);
  if (text.size() > octets_max && !out.ends_with("...")) out += "...";
  return out;
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  const std::string clean = without_controls(trim(value));
  out.append(name).append(":");
  std::size_t column = name.size() + 1;
  for (std::size_t at = 0; at < clean.size();) {
    const std::string_view piece = std::string_view(clean).substr(at, end_of_piece(clean, at) - at);
    const bool is_first = at == 0;
    const bool is_wide = column + piece.size() > kFoldColumn;
    const bool follows_space = !is_first && piece.front() == ' ' && piece.size() > 1;
    const bool must_break = !is_first && !follows_space && column + piece.size() > kLineOctetsMax;
    if ((follows_space && is_wide) || must_break) {
      out += "\r\n";
      column = 0;
    }
    if (is_first || must_break) out += ' ';
    out += piece;
    column += piece.size() + 1;
    at += piece.size();
  }
  out += "\r\n";
}

}  // namespace veredus::dsn
