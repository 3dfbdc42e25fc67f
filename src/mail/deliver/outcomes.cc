#include "mail/deliver/outcomes.h"

#include <chrono>
#include <utility>

#include "base/text.h"

namespace veredus::deliver {
namespace {

constexpr std::size_t kWhyOctetsMax = 200;

}  // namespace

queue::State state_after(const smtp::PeerReply& reply, queue::State accepted, ReplyTo to) {
  if (is_done(reply)) return accepted;
  const bool is_old_too_many = to == ReplyTo::rcpt && reply.code == 552 &&
                               (!reply.status || *reply.status == smtp::EnhancedStatus(5, 5, 3));
  return reply.is_permanent() && !is_old_too_many ? queue::State::failed : queue::State::deferred;
}

queue::State state_after(const Error& error) {
  const bool may_help = error.is_transient() || error.fault() == Fault::cancelled;
  return may_help ? queue::State::deferred : queue::State::failed;
}

void Outcomes::add(std::uint32_t recipient, queue::State state, std::string reply,
                   std::string remote) {
  queue::Outcome& outcome = outcomes_.emplace_back();
  outcome.recipient = recipient;
  outcome.state = state;
  outcome.reply = std::move(reply);
  outcome.remote = std::move(remote);
  outcome.passed_over = passed_over_;
  outcome.tls = tls_;
  outcome.duration = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - begun_);
}

void Outcomes::set(std::uint32_t recipient, queue::State state, std::string reply,
                   std::string remote) {
  if (std::erase(open_, recipient) > 0) add(recipient, state, std::move(reply), std::move(remote));
}

void Outcomes::set_rest(queue::State state, const std::string& reply, const std::string& remote) {
  for (const std::uint32_t recipient : std::exchange(open_, {}))
    add(recipient, state, reply, remote);
}

void Outcomes::set_rest_unreachable(const std::string& reply, const std::string& remote) {
  for (const std::uint32_t recipient : std::exchange(open_, {})) {
    add(recipient, queue::State::deferred, reply, remote);
    outcomes_.back().unreachable = true;
  }
}

void Outcomes::pass_over(const std::string& remote, const std::string& why) {
  if (!passed_over_.empty()) passed_over_ += "; ";
  passed_over_ += remote + ": " + printable(why, kWhyOctetsMax);
}

}  // namespace veredus::deliver
