#include "base/base64.h"

#include <cstddef>
#include <cstdint>

namespace veredus {
namespace {

/// Six bits for each octet of `digits`, or nothing.
std::optional<std::uint32_t> read_bits(std::string_view digits) {
  std::uint32_t bits = 0;
  for (const char digit : digits) {
    const std::uint8_t value = kBase64Values[static_cast<unsigned char>(digit)];
    if (value == kNoBase64Digit) return std::nullopt;
    bits = bits << 6 | value;
  }
  return bits;
}

}  // namespace

std::string to_base64(std::string_view octets) {
  std::string text;
  text.reserve((octets.size() + 2) / 3 * 4);
  for (; !octets.empty(); octets.remove_prefix(octets.size() < 3 ? octets.size() : 3)) {
    const std::string_view group = octets.substr(0, 3);
    std::uint32_t bits = 0;
    for (const char octet : group) bits = bits << 8 | static_cast<unsigned char>(octet);
    bits <<= 8 * (3 - group.size());
    for (unsigned i = 0; i < 4; ++i)
      text += i > group.size() ? '=' : kBase64Digits[bits >> (18 - 6 * i) & 63];
  }
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string octets;
  octets.reserve(text.size() / 4 * 3);
  for (; !text.empty(); text.remove_prefix(4)) {
    std::string_view digits = text.substr(0, 4);
    if (text.size() == 4 && digits.ends_with('=')) digits.remove_suffix(1);
    if (digits.size() == 3 && digits.ends_with('=')) digits.remove_suffix(1);
    const auto read = read_bits(digits);
    if (!read) return std::nullopt;
    const std::uint32_t bits = *read << (6 * (4 - digits.size()));
    const std::size_t count = digits.size() - 1;
    const std::uint32_t unused = (1U << (8 * (3 - count))) - 1;
    if ((bits & unused) != 0) return std::nullopt;
    for (std::size_t i = 0; i < count; ++i)
      octets += static_cast<char>(bits >> (16 - 8 * i) & 0xFF);
  }
  return octets;
}

}  // namespace veredus
