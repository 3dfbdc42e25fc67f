#include "mail/deliver/outcomes.h"

#include <utility>

namespace veredus::deliver {

queue::State state_after(const smtp::PeerReply& reply, queue::State accepted, ReplyTo to) {
  if (is_done(reply)) return accepted;
  const bool is_old_too_many = to == ReplyTo::rcpt && reply.code == 552;
  return reply.is_permanent() && !is_old_too_many ? queue::State::failed : queue::State::deferred;
}

queue::State state_after(const Error& error) {
  const bool may_help = error.is_transient() || error.fault() == Fault::cancelled;
  return may_help ? queue::State::deferred : queue::State::failed;
}

void Outcomes::set(std::uint32_t recipient, queue::State state, std::string reply,
                   std::string remote) {
  if (std::erase(open_, recipient) == 0) return;
  outcomes_.push_back(queue::Outcome{recipient, state, std::move(reply), std::move(remote)});
}

void Outcomes::set_rest(queue::State state, const std::string& reply, const std::string& remote) {
  for (const std::uint32_t recipient : std::exchange(open_, {}))
    outcomes_.push_back(queue::Outcome{recipient, state, reply, remote});
}

void Outcomes::set_rest_unreachable(const std::string& reply, const std::string& remote) {
  for (const std::uint32_t recipient : std::exchange(open_, {}))
    outcomes_.push_back(queue::Outcome{recipient, queue::State::deferred, reply, remote,
                                       /*unreachable=*/true});
}

}  // namespace veredus::deliver
