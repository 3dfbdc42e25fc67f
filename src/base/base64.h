// Base64 as protocols use it: one line, strict both ways (RFC 4648 §4). For the lenient form of
// mail bodies see wire/mime/transfer_encoding.h.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace veredus {

/// By their values.
inline constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What kBase64Values has for octets that are no digits.
inline constexpr std::uint8_t kNoBase64Digit = 0xFF;

/// The value of each octet.
inline constexpr auto kBase64Values = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoBase64Digit);
  for (std::size_t i = 0; i < kBase64Digits.size(); ++i)
    values[static_cast<unsigned char>(kBase64Digits[i])] = static_cast<std::uint8_t>(i);
  return values;
}();

/// Padded, without line breaks.
std::string to_base64(std::string_view octets);

/// The octets that `text` stands for; nothing when to_base64() can't have made it: octets
/// outside the alphabet, white space, wrong padding, or bits set that padding leaves unused.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace veredus
