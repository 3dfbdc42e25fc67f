// Which hosts did not work when they were last tried, so that not every message asks them again.

#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "base/time.h"
#include "io/endpoint.h"

namespace veredus::deliver {

/// Hosts that could not be connected to, or that greeted us badly, each with a pause in which it is
/// not asked; and hosts with which sessions are open, for those work. One for each reactor, so that
/// it needs no lock: not thread-safe.
class HostMemory {
  struct OpenHost {
    std::uint32_t sessions = 0;
    SteadyTime last_success{};
  };
  using OpenHosts = std::map<io::Endpoint, OpenHost>;
  struct EndSession {
    std::shared_ptr<OpenHosts> all;
    void operator()(OpenHosts::value_type* host) const noexcept;
  };

 public:
  static constexpr std::size_t kHostsMax = 10'000;
  /// Pauses grow up to this, or stay at the first one when that is longer.
  static constexpr Duration kPauseMax = std::chrono::minutes(15);
  /// A failure this long after the one before counts as the first.
  static constexpr Duration kForgottenAfter = std::chrono::hours(1);
  /// A session without success for this long may be with a host that died since.
  static constexpr Duration kWorksFor = std::chrono::minutes(1);

  struct Failure {
    std::string reason;      ///< The greeting, or why there was none.
    bool permanent = false;  ///< Greeted with 5yz.
    SteadyTime at{};
  };
  /// A session that was opened, counted as long as this lives, which may be longer than the memory.
  using Session = std::unique_ptr<OpenHosts::value_type, EndSession>;

  /// Over `hosts_max` (at least 1) the one whose failure is the oldest is forgotten.
  explicit HostMemory(std::size_t hosts_max = kHostsMax) : hosts_max_(hosts_max) {}

  /// The host's last failure while its pause lasts, else null. Valid until the next change.
  const Failure* resting(const io::Endpoint& host, SteadyTime now) const;
  /// Somebody tries the host now. If its pause is over it begins anew, for all others.
  void tried(const io::Endpoint& host, SteadyTime now);
  /// The host rests for `pause`, doubled for each failure in a row before this one.
  void failed(const io::Endpoint& host, Failure failure, Duration pause);
  /// The host opened a session with us, which is a success.
  [[nodiscard]] Session opened(const io::Endpoint& host, SteadyTime now);
  void succeeded(const io::Endpoint& host, SteadyTime now);
  /// A session with the host is open, and one had success within kWorksFor: when it takes no
  /// further connection it has enough of them, and is not dead.
  bool works(const io::Endpoint& host, SteadyTime now) const;
  /// Forgets all failures.
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
  std::shared_ptr<OpenHosts> open_ = std::make_shared<OpenHosts>();
};

}  // namespace veredus::deliver
