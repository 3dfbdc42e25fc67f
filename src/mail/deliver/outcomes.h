// From replies and failures to what became of each recipient: the one place that decides it.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "io/clock.h"
#include "mail/queue/queue.h"
#include "wire/smtp/reply.h"

namespace veredus::deliver {

/// Which reply a reply is: 552 means something else to RCPT.
enum class ReplyTo : std::uint8_t { other, rcpt };

/// 2yz: what was asked is done. A 3yz out of its place is no promise (RFC 5321 §4.2.1).
constexpr bool is_done(const smtp::PeerReply& reply) noexcept { return reply.code < 300; }

/// The state a remote reply leads to: `accepted` for 2yz, deferred for 4yz (and for a 3yz, which
/// only DATA may be answered with), failed for 5yz. 552 to RCPT is "too many recipients" by its
/// old number and is deferred (RFC 5321 §4.5.3.1.10), unless its enhanced status says otherwise.
queue::State state_after(const smtp::PeerReply& reply, queue::State accepted,
                         ReplyTo to = ReplyTo::other);

/// Deferred when trying again may help (unavailable, overloaded, cancelled), else failed.
queue::State state_after(const Error& error);

/// The outcomes of one job's recipients while they come in. A recipient that gets none is
/// deferred by the queue.
class Outcomes {
 public:
  /// The attempt begins now, by `clock`, which outlives this.
  Outcomes(const queue::Job& job, const io::Clock& clock)
      : clock_(clock), begun_(clock.now()), open_(job.recipients) {}

  /// Recipients without an outcome, as indexes into the envelope's.
  const std::vector<std::uint32_t>& open() const noexcept { return open_; }
  void set(std::uint32_t recipient, queue::State state, std::string reply, std::string remote);
  /// The same for all that are open.
  void set_rest(queue::State state, const std::string& reply, const std::string& remote);
  /// All that are open are deferred: no host of their destination could be spoken to.
  void set_rest_unreachable(const std::string& reply, const std::string& remote);

  /// How private the connection is that decides from now on; empty: not at all.
  void set_tls(std::string tls) { tls_ = std::move(tls); }

  /// A host did not decide on those that are open, and the next one's turn comes: their outcomes
  /// will tell of it. Control octets in `why` are escaped, and a long one is cut.
  void pass_over(const std::string& remote, const std::string& why);

  std::vector<queue::Outcome> take() { return std::move(outcomes_); }

 private:
  void add(std::uint32_t recipient, queue::State state, std::string reply, std::string remote);

  const io::Clock& clock_;
  SteadyTime begun_;
  std::string passed_over_;
  std::string tls_;
  std::vector<std::uint32_t> open_;
  std::vector<queue::Outcome> outcomes_;
};

}  // namespace veredus::deliver
