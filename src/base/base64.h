// Base64 as protocols use it: one line, strict both ways (RFC 4648 §4). For the lenient form of
// mail bodies see wire/mime/transfer_encoding.h.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace veredus {

/// Padded, without line breaks.
std::string to_base64(std::string_view octets);

/// The octets that `text` stands for; nothing when to_base64() can't have made it: octets
/// outside the alphabet, white space, wrong padding, or bits set that padding leaves unused.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace veredus
