// Text of other charsets as UTF-8.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace veredus::mime {

/// `bytes` in `charset` (any name that iconv knows, whatever its case) as UTF-8; what cannot be
/// converted becomes U+FFFD. Nothing when the charset is unknown.
std::optional<std::string> to_utf8(std::string_view bytes, std::string_view charset);

/// True when no octet is above 127.
bool is_ascii(std::string_view bytes) noexcept;

}  // namespace veredus::mime
