// What a notice tells of one recipient, gathered once for the text and for the report.

#pragma once

#include <string>
#include <vector>

#include "mail/notice/reason.h"
#include "mail/queue/notice.h"

namespace veredus::notice {

/// One recipient as its sender may know it.
///
/// When an alias led elsewhere, the sender is told of the address that was used, and the one it
/// stands for is not disclosed (RFC 3461 §5.2.7.4, RFC 3464 §4.2): it is replaced where the reply
/// repeats it, and a host is not named. What a server writes in other words cannot be known.
struct Subject {
  const queue::Recipient* recipient = nullptr;  ///< Borrowed from the request.
  const queue::Standing* standing = nullptr;    ///< Borrowed from the request.
  std::string address;                          ///< As the sender wrote it in RCPT.
  std::string said;       ///< The last reply or our own reason, code and status first; or empty.
  std::string expiry;     ///< "expired after 5 days"; or empty.
  std::string remote;     ///< Who said so: host and address; empty when we did, or undisclosed.
  bool is_reply = false;  ///< Said by a remote server, not by us.
  Reason reason;
};

/// True when that recipient's NOTIFY asks for this kind of notice (RFC 3461 §4.1). Without NOTIFY
/// failures are told, and delays too (§5.2.1 leaves them to us).
bool wants(const queue::Recipient& recipient, queue::NoticeKind kind) noexcept;

/// The recipients that want to be told of, in the request's order; perhaps none.
std::vector<Subject> subjects_of(const queue::NoticeRequest& request, const Reasons& reasons);

}  // namespace veredus::notice
