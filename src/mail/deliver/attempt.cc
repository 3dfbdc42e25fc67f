#include "mail/deliver/attempt.h"

#include <utility>

namespace veredus::deliver {

void Attempt::failed(std::string remote, std::string reason, Reached reached) {
  move_on();
  last_ = Failure{std::move(remote), std::move(reason)};
  any_in_transaction_ = any_in_transaction_ || reached == Reached::transaction;
  any_before_ = any_before_ || reached == Reached::refusal_before;
  all_refuse_ = all_refuse_ && (reached == Reached::refusal || reached == Reached::refusal_before);
}

void Attempt::move_on() {
  if (last_) outcomes_.pass_over(last_->remote, last_->reason);
  last_.reset();
}

void Attempt::forget() noexcept {
  last_.reset();
  any_in_transaction_ = false;
  all_refuse_ = true;
  any_before_ = false;
}

void Attempt::miss(const std::string& host, const std::string& why) {
  outcomes_.pass_over(host, why);
  all_refuse_ = false;
}

void Attempt::settle(HostsFrom from) {
  if (!last_) return;
  const auto& [remote, reason] = *last_;
  if (all_refuse_ && !any_before_ && from == HostsFrom::domain)
    outcomes_.set_rest(queue::State::failed, reason, remote);
  else if (any_in_transaction_)
    outcomes_.set_rest(queue::State::deferred, reason, remote);
  else
    outcomes_.set_rest_unreachable(reason, remote);
}

}  // namespace veredus::deliver
