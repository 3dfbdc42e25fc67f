// A world on one thread, deterministic from one seed: hosts, wires, DNS, disks and time.

#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/sim/faults.h"
#include "io/sim/host.h"
#include "io/sim/network.h"
#include "io/sim/random.h"
#include "io/sim/resolver.h"
#include "io/sim/timeline.h"

namespace veredus::sim {

/// Nothing happens outside the run_ functions. Two hosts exist from the start: the server, which
/// runs what is tested, and the outside, where a test's own clients and servers live, so that a
/// crash of the server leaves them alive.
class World {
 public:
  explicit World(std::uint64_t seed, Faults faults = {});
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  std::uint64_t seed() const noexcept { return seed_; }
  Host& server() noexcept { return hosts_.at(0); }   ///< 192.0.2.1
  Host& outside() noexcept { return hosts_.at(1); }  ///< 198.51.100.1
  /// One more machine. It lives as long as the world.
  Host& add_host(std::string name, std::string_view address);

  // The server's, for short.
  io::System system() noexcept { return server().system(); }
  void spawn(std::string_view name, io::Task<> task) { server().spawn(name, std::move(task)); }
  void crash(Crash crash = Crash::power) { server().crash(crash); }

  DnsTable& dns() noexcept { return dns_; }
  Wires& wires() noexcept { return wires_; }
  Timeline& time() noexcept { return time_; }
  /// For the test's own choices; a stream of its own, so they disturb nobody else's.
  SeededRandom& choices() noexcept { return choices_; }
  const Faults& faults() const noexcept { return faults_; }

  /// Runs until the condition holds, asked after each step; false when `limit` of virtual time
  /// has passed without it.
  bool run_until(const std::function<bool()>& condition, Duration limit = std::chrono::hours(1));
  /// Lets this much virtual time pass.
  void run_for(Duration duration);
  /// Runs until nothing is ready and no timer is set; false when `limit` came first.
  bool run_until_idle(Duration limit = std::chrono::hours(24 * 365));

  /// Host::failures() of all hosts.
  std::vector<std::string> failures() const;

 private:
  friend class Host;
  struct Loop;  // Asio's part

  bool run_ready();
  bool step(SteadyTime end);
  std::uint64_t derive_seed() { return seeds_.next(); }

  std::uint64_t seed_;
  Faults faults_;
  SeededRandom seeds_;
  SeededRandom choices_;
  Timeline time_;
  Wires wires_;
  DnsTable dns_;
  std::unique_ptr<Loop> loop_;
  std::deque<Host> hosts_;  // addresses stay
};

}  // namespace veredus::sim
