// A message with 8-bit content made fit for a next hop without 8BITMIME (RFC 6152 §3).

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace veredus::mime {

/// True when some octet is above 127, which only a hop with 8BITMIME may be sent.
bool needs_eight_bit(std::string_view message) noexcept;

/// The same message in 7 bits.
///
/// Each leaf part with 8-bit content is encoded, text as quoted-printable and anything else as
/// base64, its Content-Transfer-Encoding replaced or added; multipart and message/rfc822 parts
/// are entered and their own encoding becomes 7bit. A message without MIME fields becomes
/// text/plain with charset unknown-8bit (RFC 1428 §3). Every octet that need not change stays,
/// line endings included; what has no 8-bit octet is returned as it came.
///
/// 8-bit octets in the preamble or epilogue of a multipart, which nobody reads (RFC 2046 §5.1.1),
/// become '?'.
///
/// A signature over a changed body (DKIM, S/MIME, PGP) breaks: nobody can avoid that but the
/// signer (RFC 6376 §5.3), which is why the next hop's 8BITMIME is asked for first.
///
/// Errors: refused — 8-bit octets in a header, or in a part that may not be encoded (a damaged
///                   multipart, message/partial, an unknown transfer encoding); only SMTPUTF8 or
///                   8BITMIME at the next hop would help (say 554 5.6.3)
[[nodiscard]] Result<std::string> to_seven_bit(std::string_view message);

}  // namespace veredus::mime
