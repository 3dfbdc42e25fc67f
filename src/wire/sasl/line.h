// SASL messages as lines of SMTP: base64, with "=" for an empty initial response (RFC 4954 §4).

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace veredus::sasl {

/// The longest line of an exchange, without CRLF, before base64 is undone (RFC 4954 §4).
inline constexpr std::size_t kLineOctetsMax = 12288;

/// What stands behind the mechanism in AUTH: "=" for the empty string, base64 otherwise. Errors:
/// malformed (also for no text at all: then there is no initial response).
Result<std::string> decode_initial(std::string_view text);
std::string encode_initial(std::string_view octets);

/// A later line of either side; an empty one is the empty string. Errors: malformed, overloaded
/// (over kLineOctetsMax). A client's "*" (cancel) is for the caller to see first: it is
/// malformed here.
Result<std::string> decode_line(std::string_view text);
std::string encode_line(std::string_view octets);

}  // namespace veredus::sasl
