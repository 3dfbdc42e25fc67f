// A simulated machine: at most one process runs on it; its disk outlives that process.

#pragma once

#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ip.h"
#include "io/sim/files.h"
#include "io/sim/timeline.h"
#include "io/system.h"

namespace veredus::sim {

class World;

/// How a process ends without being asked.
enum class Crash : std::uint8_t {
  kill,   ///< The process alone: the operating system keeps files and says so to all peers.
  power,  ///< The machine: unsynced files are lost; peers hear it only up to a minute later.
};

/// A place where one coroutine waits; part of whatever it waits for.
class Ticket {
 private:
  friend class Host;
  std::uint64_t id_ = 0;  // of the parked coroutine, 0 when none ever was
};

/// Made by World. The parts of system() stay valid for the host's life, through crashes too.
class Host {
 public:
  Host(World& world, std::string name, IpAddress address);
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  const std::string& name() const noexcept { return name_; }
  /// Where its connections come from unless they say otherwise.
  const IpAddress& address() const noexcept { return address_; }
  /// The outside as this host's process sees it.
  io::System system() noexcept;
  SimFiles& files() noexcept { return files_; }

  /// As Reactor::spawn.
  void spawn(std::string_view name, io::Task<> task);
  /// As Reactor::post.
  void post(std::move_only_function<void()> work);

  /// Makes an object of the process: it is destroyed with it, after all its tasks, the last one
  /// made first. Sessions and servers that tasks refer to belong here, or in a task's own frame.
  template <class T, class... Arguments>
  T& own(Arguments&&... arguments) {
    auto made = std::make_shared<T>(std::forward<Arguments>(arguments)...);
    owned_.push_back(made);
    return *made;
  }

  /// Ends the process: its tasks are dropped where they wait, the last one spawned first (so a
  /// task may lend what is in its frame to tasks it spawned), then what it owns. Connections end
  /// and listeners vanish. The next spawn() starts a new process. Never call it from a task of
  /// this host: that is what die() is for.
  void crash(Crash crash = Crash::power);
  /// Crashes the host at this very point of the calling task; never returns.
  io::Task<> die(Crash crash = Crash::power);
  /// Processes ended so far.
  std::uint64_t crashes() const noexcept { return crashes_; }

  /// Tasks that ended with an exception, as "name: what". A test wants none.
  const std::vector<std::string>& failures() const noexcept { return failures_; }
  /// Tasks not yet finished.
  std::size_t tasks() const noexcept { return tasks_; }

  // For the twins of this room and for actors that tests write:

  World& world() noexcept { return world_; }
  /// Waits until wake(ticket), which gives true, or the deadline (SteadyTime::max(): none), which
  /// gives false. One coroutine at a time waits at a ticket.
  io::Task<bool> park(Ticket& ticket, SteadyTime deadline);
  /// Makes the coroutine that waits at the ticket ready. False when none does.
  bool wake(Ticket& ticket);
  io::Task<> sleep(Duration duration);

 private:
  friend class World;
  struct Parts;
  struct Parked {
    std::uint64_t task;
    std::move_only_function<void(bool)> resume;
    Timeline::TimerId timer;
  };
  struct Ready {
    std::uint64_t task;
    std::move_only_function<void()> run;
  };

  bool run_one();
  bool wake(std::uint64_t id, bool woken);
  void add_parked(std::uint64_t id, SteadyTime deadline,
                  std::move_only_function<void(bool)> resume);
  void drop_tasks();
  void task_ended(std::string_view name, const std::exception_ptr& error);

  World& world_;
  std::string name_;
  IpAddress address_;
  SimFiles files_;
  std::unique_ptr<Parts> parts_;
  std::vector<std::shared_ptr<void>> owned_;
  std::map<std::uint64_t, Parked> parked_;
  std::deque<Ready> ready_;
  std::uint64_t current_task_ = 0;
  std::size_t tasks_ = 0;
  std::uint64_t crashes_ = 0;
  bool dying_ = false;
  std::optional<Crash> crash_wanted_;
  std::vector<std::string> failures_;
};

}  // namespace veredus::sim
