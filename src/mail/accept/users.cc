#include "mail/accept/users.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "io/call_on.h"

namespace veredus::accept {

io::Task<policy::SendingLimits::Answer> SendingMeter::charge(std::string account,
                                                             std::uint64_t recipients,
                                                             policy::SendingAllowance allowance) {
  using Answer = policy::SendingLimits::Answer;
  co_return co_await io::call_on<Answer>(
      *system_.reactors.front(), system_.clock,
      [this, account = std::move(account), recipients, allowance](io::Answer<Answer> answer) {
        answer(limits_.charge(account, recipients, allowance, system_.clock.now()));
      });
}

void SendingMeter::refund(std::string account, std::uint64_t recipients) {
  system_.reactors.front()->post(
      [this, account = std::move(account), recipients] { limits_.refund(account, recipients); });
}

bool may_send_as(const directory::Account& account, const smtp::Address& sender,
                 const route::Router& router) {
  const std::string written = ascii_lower(sender.text());
  if (written == account.address) return true;
  const std::string domain = written.substr(written.rfind('@'));
  const auto permits = [&](const std::string& pattern) {
    return pattern == written || pattern == domain;
  };
  if (std::ranges::any_of(account.send_as, permits)) return true;
  const auto mailbox = smtp::Address::parse(account.address);
  return mailbox && router.reaches(sender, *mailbox);
}

}  // namespace veredus::accept
