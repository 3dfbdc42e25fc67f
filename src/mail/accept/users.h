// What a session needs of our own users: who they are, and what they may send.

#pragma once

#include <string>

#include "io/system.h"
#include "io/task.h"
#include "mail/authenticate/authenticator.h"
#include "mail/directory/account.h"
#include "mail/policy/sending_limits.h"
#include "mail/route/router.h"
#include "wire/smtp/address.h"

namespace veredus::accept {

/// policy::SendingLimits for sessions on every reactor; kept on the first one.
class SendingMeter {
 public:
  /// `system` outlives it.
  explicit SendingMeter(const io::System& system) : system_(system) {}

  io::Task<policy::SendingLimits::Answer> charge(std::string account, std::uint64_t recipients,
                                                 policy::SendingAllowance allowance);
  /// From any reactor; done when the first one comes to it.
  void refund(std::string account, std::uint64_t recipients);

 private:
  const io::System& system_;
  policy::SendingLimits limits_;
};

/// They outlive the sessions.
struct Users {
  authenticate::Authenticator& authenticator;
  authenticate::FindAccount find_account;  ///< The directory; an address in lower case.
  SendingMeter& meter;
};

/// True when mail from `sender` is the account's to send: it gets the mail of that address, or is
/// permitted to (directory::Account::send_as).
bool may_send_as(const directory::Account& account, const smtp::Address& sender,
                 const route::Router& router);

}  // namespace veredus::accept
