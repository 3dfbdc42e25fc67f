// What we say when something other than a peer's reply decides: a status code and a plain sentence.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace veredus::deliver {

/// What kept a message from its recipient. What the DNS has to do with it says route::find_hosts.
enum class Cause : std::uint8_t {
  cannot_connect,   ///< Refused, no route, no answer in time.
  no_answer,        ///< A deadline passed within the dialogue.
  connection_lost,  ///< The connection broke within the dialogue.
  bad_reply,        ///< What the peer said is not SMTP.
  too_large,        ///< For the next hop, by the SIZE it announces (RFC 1870).
  not_convertible,  ///< The next hop takes 7-bit mail only (RFC 6152 §3).
  storage,          ///< Our queue's storage cannot give the body.
  our_fault,        ///< A bug of ours broke off the attempt.
  reconfigured,     ///< The recipient is at home elsewhere since the message was routed.
  no_space,         ///< The disk with our mailboxes is full.
  mailbox_full,     ///< A mailbox of ours has no room below its quota.
  mailbox,          ///< A mailbox of ours cannot be written to.
  no_mailbox,       ///< A mailbox of ours is gone.
  no_tls,           ///< The next hop cannot be spoken to as privately as it must be.
  no_login,         ///< The next hop does not take our user and password.
};

/// The enhanced status code, such as "4.4.1" (RFC 3463 §3). Its class says whether trying again
/// may help.
std::string_view status_code(Cause cause);

/// The code and the sentence, with a capital: "4.4.2 The connection broke".
std::string reason(Cause cause, std::string_view sentence);

}  // namespace veredus::deliver
