// Which hosts did not work when they were last tried, so that not every message asks them again.

#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <string>

#include "base/time.h"
#include "io/endpoint.h"

namespace veredus::deliver {

/// Hosts that could not be connected to, or that greeted us badly, each with a pause in which it is
/// not asked. One for each reactor, so that it needs no lock: not thread-safe.
class HostMemory {
 public:
  static constexpr std::size_t kHostsMax = 10'000;
  /// Pauses grow up to this, or stay at the first one when that is longer.
  static constexpr Duration kPauseMax = std::chrono::minutes(15);
  /// A failure this long after the one before counts as the first.
  static constexpr Duration kForgottenAfter = std::chrono::hours(1);

  struct Failure {
    std::string reason;      ///< The greeting, or why there was none.
    bool permanent = false;  ///< Greeted with 5yz.
    SteadyTime at{};
  };

  /// Over `hosts_max` (at least 1) the one whose failure is the oldest is forgotten.
  explicit HostMemory(std::size_t hosts_max = kHostsMax) : hosts_max_(hosts_max) {}

  /// The host's last failure while its pause lasts, else null. Valid until the next change.
  const Failure* resting(const io::Endpoint& host, SteadyTime now) const;
  /// Somebody tries the host now. If its pause is over it begins anew, for all others.
  void tried(const io::Endpoint& host, SteadyTime now);
  /// The host rests for `pause`, doubled for each failure in a row before this one.
  void failed(const io::Endpoint& host, Failure failure, Duration pause);
  void succeeded(const io::Endpoint& host);
  void clear();

  std::size_t size() const noexcept { return by_host_.size(); }

 private:
  struct Entry {
    io::Endpoint host;
    Failure failure;
    Duration pause{};
    SteadyTime until{};
  };
  using Entries = std::list<Entry>;

  void forget_oldest();

  std::size_t hosts_max_;
  Entries entries_;  // The oldest failure first.
  std::map<io::Endpoint, Entries::iterator> by_host_;
};

}  // namespace veredus::deliver
