// Fields of reports: any text at all becomes a field that no text can break out of.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace veredus::dsn {

inline constexpr std::size_t kFoldColumn = 76;      ///< Where lines are folded when they can be.
inline constexpr std::size_t kLineOctetsMax = 900;  ///< Where they are cut when they cannot.

/// `text` on one line of printable ASCII: other octets as \xNN, runs of white space (line endings
/// too) as one space, none at the ends; cut after `octets_max` octets with "...".
std::string one_line(std::string_view text, std::size_t octets_max = 2000);

/// Appends `name: value CRLF`, folded before single spaces (RFC 5322 §2.2.3). Unfolding gives the
/// value back, but for a word longer than a line may be, which is cut by a fold. Control octets in
/// the value are written as \xNN; octets above 127 are kept.
void append_field(std::string& out, std::string_view name, std::string_view value);

}  // namespace veredus::dsn
