// One job's way from host to host.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/clock.h"
#include "mail/deliver/outcomes.h"
#include "mail/queue/queue.h"

namespace veredus::deliver {

/// How far we got with a host that did not decide on the message.
enum class Reached : std::uint8_t {
  nothing,         ///< No connection, or none that came to a transaction.
  refusal,         ///< It greeted us with 5yz: it takes no mail (RFC 5321 §3.1, RFC 7504 §3).
  refusal_before,  ///< As refusal, but a moment ago: this time it was not asked.
  transaction,     ///< It broke off, or said 421, before it had the message.
};

/// What the hosts of a destination have in common.
enum class HostsFrom : std::uint8_t {
  configuration,  ///< Somebody may have made a mistake, which must not cost mail.
  domain,         ///< The domain itself names them by its MX records.
};

/// Gathers the outcomes, and what came of the hosts on the way.
class Attempt {
 public:
  /// All outlive it. `following` comes next; null: that is not known.
  Attempt(const queue::Job& job, const io::Clock& clock, const queue::Job* following = nullptr)
      : job_(job), following_(following), outcomes_(job, clock) {}

  const queue::Job& job() const noexcept { return job_; }
  const queue::Job* following() const noexcept { return following_; }
  Outcomes& outcomes() noexcept { return outcomes_; }
  bool is_over() const noexcept { return outcomes_.open().empty(); }

  /// A host did not decide. `reason` is its reply, or ours: see reason.h.
  void failed(std::string remote, std::string reason, Reached reached);
  /// The next host's turn comes: the one that failed is passed over.
  void move_on();
  /// As if no host had failed.
  void forget() noexcept;
  /// A host that might serve another time cannot be asked now.
  void miss(const std::string& host, const std::string& why);
  /// Each host refuses all mail, but at least one of them said so before and was not asked now.
  bool refused_by_memory() const noexcept { return all_refuse_ && any_before_; }
  /// Those that were not asked are asked now.
  void ask_again() noexcept { any_before_ = false; }
  /// No host is left: the last failure is the outcome of those that are open. They fail only when
  /// each host of a domain was asked and refuses all mail, else they are deferred.
  void settle(HostsFrom from);

 private:
  struct Failure {
    std::string remote;
    std::string reason;
  };
  const queue::Job& job_;
  const queue::Job* following_;
  Outcomes outcomes_;
  std::optional<Failure> last_;
  bool any_in_transaction_ = false;
  bool all_refuse_ = true;
  bool any_before_ = false;
};

}  // namespace veredus::deliver
