// UTF-8 (RFC 3629 §4): where a character ends, and whether octets are characters at all.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace veredus {

/// The octets of the character that `text` begins with; 0 when it begins with none: an overlong
/// form, a surrogate, a value above U+10FFFF, a part of a character.
std::size_t leading_character_octets(std::string_view text) noexcept;

/// True when `text` is characters from end to end.
bool is_utf8(std::string_view text) noexcept;

/// `text` fit to be shown to people on one line: characters as they are; controls, marks that end
/// or turn around a line, and octets that are no UTF-8 as \xNN. Cut after at most `octets_max` of
/// its octets with "...". For the wire and for keys printable() is the one: ASCII alone.
std::string readable(std::string_view text, std::size_t octets_max = 200);

}  // namespace veredus
