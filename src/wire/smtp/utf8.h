// Whether octets are UTF-8 (RFC 3629 §4): what SMTPUTF8 lets a client send.

#pragma once

#include <string_view>

namespace veredus::smtp {

/// True when `text` is well-formed: no overlong form, no surrogate, nothing above U+10FFFF.
bool is_utf8(std::string_view text) noexcept;

}  // namespace veredus::smtp
