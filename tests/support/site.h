// A whole mail server in a simulated world: the real stages on simulated hosts, DNS and disks.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/sim/world.h"
#include "main/assembly/assembly.h"
#include "storage/memory/memory_storage.h"

namespace veredus::testing {

/// mx.example.test at 192.0.2.1:25, trusting 192.0.2.0/24. Domain example.test with mailboxes
/// `you` and `other`, alias `sales`; everything else by MX.
AssemblyConfig default_config();

/// The server's host with its disk; processes come and go on it. Make it after the world, and
/// let both go together.
class Site {
 public:
  explicit Site(sim::World& world, AssemblyConfig config = default_config(),
                storage::MemoryConfig disk = {});
  ~Site();

  /// Starts a process and runs the world until it listens. False when it would not start (a
  /// fault hit it): try again.
  bool start();
  /// Asks the process to stop and waits until it has; false when it had to be cut off.
  bool stop();
  /// Asks the process to stop and returns at once.
  void begin_stop();
  /// Ends the process as sim::Crash says; start() begins the next one.
  void crash(sim::Crash how = sim::Crash::power);
  /// False after crash(), and after a process died by itself (sim::Host::die).
  bool is_running() const noexcept {
    return running_ && world_.server().crashes() == crashes_at_start_;
  }

  /// Contents of every message in a mailbox's new/, in order of name.
  std::vector<std::string> mailbox(const std::string& path);
  /// What is in the queue on disk.
  std::vector<queue::Listed> queued();

  storage::MemoryStorage& disk() noexcept { return disk_; }
  const io::Endpoint& endpoint() const noexcept { return config_.listen.front().endpoint; }

 private:
  static io::Task<> run_start(Assembly& assembly, int& outcome);
  static io::Task<> run_stop(Assembly& assembly, bool& done);

  sim::World& world_;
  AssemblyConfig config_;
  storage::MemoryStorage disk_;
  Assembly* assembly_ = nullptr;
  bool running_ = false;
  std::uint64_t crashes_at_start_ = 0;
  bool stopped_ = false;
};

}  // namespace veredus::testing
