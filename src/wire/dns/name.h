// Domain names between the wire form of a DNS answer and text (RFC 1035 §3.1, §5.1).

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace veredus::dns {

inline constexpr std::size_t kLabelOctetsMax = 63;  ///< RFC 1035 §2.3.4
inline constexpr std::size_t kNameOctetsMax = 255;  ///< On the wire, with length octets and root.

/// A name read from the wire, and how much of the wire it took.
struct DecodedName {
  std::string text;    ///< As decode_name() says.
  std::size_t octets;  ///< Including the root label's zero octet.
};

/// Reads the uncompressed name that `wire` begins with.
///
/// The text is lower-case without trailing dot; the root is "". A dot or backslash inside a label
/// is escaped with a backslash, an octet that is no printable ASCII becomes \DDD in decimal
/// (RFC 1035 §5.1), so that encode_name() gives the same octets again.
/// Errors: malformed (cut short, a compression pointer, over 255 octets).
[[nodiscard]] Result<DecodedName> decode_name(std::string_view wire);

/// The wire form of a name given as text, with or without trailing dot; "" and "." are the root.
/// Takes the escapes that decode_name() writes; letters become lower-case.
/// Errors: malformed (empty or over-long label, name too long, bad escape).
[[nodiscard]] Result<std::string> encode_name(std::string_view text);

}  // namespace veredus::dns
