// Handing a message to the server: to the one that runs, by SMTP over its socket; else into the
// drop folder, where the next one finds it.

#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "io/endpoint.h"
#include "io/network.h"
#include "io/random.h"
#include "io/task.h"
#include "main/send/sender.h"
#include "main/sendmail/message.h"
#include "main/sendmail/options.h"

namespace veredus::sendmail {

/// What came of it. Every recipient is taken, refused or left.
struct HandOver {
  std::vector<send::Refusal> refused;  ///< For good, each with the reply.
  std::vector<smtp::Address> left;     ///< Not answered for good: nobody took or refused them.
  std::string reason;                  ///< Why some are left.
  std::string message_refusal;         ///< The reply that refused sender or message for all; or "".
};

/// The parts of the envelope that options tell.
struct Wishes {
  smtp::MailParams mail;
  smtp::RcptParams rcpt;
};
Wishes wishes_of(const Options& options);

/// Sends to the server at `socket`, in as many transactions as its limit on recipients needs.
/// `submission` outlives the call.
io::Task<HandOver> hand_to_server(io::Network& network, io::Endpoint socket,
                                  const Submission& submission, Wishes wishes, send::ShowLine show);

/// Puts it into the drop folder for `recipients`. Errors: as io::deposit().
[[nodiscard]] Result<> leave_in_folder(const std::string& folder, const Submission& submission,
                                       const std::vector<smtp::Address>& recipients,
                                       const Wishes& wishes, io::Random& random);

}  // namespace veredus::sendmail
