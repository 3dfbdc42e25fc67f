// What of the message goes back to its sender (RFC 3461 §4.3, RFC 6522 §3).

#pragma once

#include <cstdint>
#include <string>

#include "mail/queue/notice.h"

namespace veredus::notice {

/// The last part of a notice: strict CRLF, lines of at most 998 octets, no NUL.
struct Returned {
  std::string media_type;  ///< message/rfc822, text/rfc822-headers, or their message/global kin.
  std::string content;
  /// Only the header, though the whole message was meant to come back: it has 8-bit characters in
  /// places that no hop without 8BITMIME could be sent, and the notice would be lost there.
  bool is_cut_for_seven_bit = false;
};

/// The whole message for a failure, when it has at most `bytes_max` octets, RET does not say
/// otherwise, its lines are fit for a transport (BINARYMIME may carry others), and it can be made
/// fit for 7 bits; else its header, bad octets mended and cut after 64 KiB. For a delay always the
/// header (RFC 3461 §4.3: RET is for failures).
Returned returned_part(const queue::NoticeRequest& request, std::uint64_t bytes_max);

}  // namespace veredus::notice
