// Text that the standards call case-insensitive: always ASCII, never the locale.

#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace veredus {

constexpr char ascii_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
constexpr char ascii_upper(char c) noexcept {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string ascii_lower(std::string_view text);
std::string ascii_upper(std::string_view text);

/// Equal but for ASCII case.
bool iequals(std::string_view a, std::string_view b) noexcept;
bool istarts_with(std::string_view text, std::string_view prefix) noexcept;
bool iends_with(std::string_view text, std::string_view suffix) noexcept;

/// Without leading and trailing spaces, tabs, CR and LF.
std::string_view trim(std::string_view text) noexcept;

/// The whole of `text` as a decimal number without sign, or nothing (also on overflow).
template <class Number = std::uint64_t>
std::optional<Number> to_number(std::string_view text) noexcept {
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  Number value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

/// `text` fit to be shown on one line of a reply or log: control and non-ASCII bytes as \xNN,
/// cut after `octets_max` octets with "...".
std::string printable(std::string_view text, std::size_t octets_max = 200);

}  // namespace veredus
