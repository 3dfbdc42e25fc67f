#include "wire/dsn/said.h"

#include <algorithm>

#include "base/text.h"

namespace veredus::dsn {

namespace {

constexpr bool is_status_octet(char c) noexcept { return is_digit(c) || c == '.'; }

char octet_before(std::string_view text, std::size_t at) noexcept {
  return at == 0 ? ' ' : text[at - 1];
}

char octet_at(std::string_view text, std::size_t at) noexcept {
  return at < text.size() ? text[at] : ' ';
}

}  // namespace

std::optional<smtp::EnhancedStatus> find_status(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (!is_digit(text[at])) {
      ++at;
      continue;
    }
    const auto stop = std::find_if_not(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(),
                                       is_status_octet);
    const auto end = static_cast<std::size_t>(stop - text.begin());
    std::string_view number = text.substr(at, end - at);
    while (number.ends_with('.')) number.remove_suffix(1);  // The end of a sentence.
    const char before = octet_before(text, at);
    const char after = octet_at(text, end);
    const bool stands_alone =
        !is_alpha(before) && before != '.' && before != '/' && !is_alpha(after);
    if (stands_alone)
      if (const auto status = smtp::EnhancedStatus::parse(number)) return *status;
    at = end;
  }
  return std::nullopt;
}

std::optional<int> find_code(std::string_view text) {
  const auto is_word = [](char c) { return is_digit(c) || is_alpha(c) || c == '.' || c == '/'; };
  for (std::size_t at = 0; at + 3 <= text.size(); ++at) {
    const char first = text[at];
    const bool is_code = (first == '4' || first == '5') && text[at + 1] >= '0' &&
                         text[at + 1] <= '5' && is_digit(text[at + 2]);
    const char before = octet_before(text, at);
    const char after = octet_at(text, at + 3);
    const bool stands_alone = !is_word(before) && before != '=' && before != '-' &&
                              (after == ' ' || after == '-' || after == '\t' || after == '\r' ||
                               after == '\n' || after == ',');
    if (is_code && stands_alone)
      return (text[at] - '0') * 100 + (text[at + 1] - '0') * 10 + (text[at + 2] - '0');
  }
  return std::nullopt;
}

}  // namespace veredus::dsn
