// One run of the queue alone, with workers that do as next hops of all kinds of moods make them.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/sim/world.h"
#include "mail/queue/queue.h"
#include "sim/queue/books.h"
#include "sim/queue/watched_storage.h"
#include "storage/memory/memory_storage.h"

namespace veredus::simulation {

/// How bad it gets.
struct SmallPlan {
  bool days = false;  ///< With the patience of a real server.
  std::size_t messages = 12;
  Duration trouble{0};        ///< How long it lasts.
  double crash = 0;           ///< Of the process, about every half an hour.
  double commit_crash = 0;    ///< At each commit, before it and after it.
  double commit_failure = 0;  ///< Of each commit.
  double read_failure = 0;    ///< Of each read.
  double clock_jump = 0;      ///< About every half an hour.
  double order = 0;           ///< By an operator, about every half an hour.
  Duration disk_full{0};      ///< Every commit fails so long, from the first third on.
  std::array<std::uint32_t, 6> moods{6, 3, 1, 2, 1, 1};  ///< How likely each Mood is.
  /// The process dies there, of all its commits in all its lives.
  std::optional<std::pair<storage::CommitPoint, std::uint64_t>> death = {};
};
/// Everything that a seed may bring, by lot.
SmallPlan wild_small_plan(std::uint64_t seed);
/// The same for a week.
SmallPlan days_plan(std::uint64_t seed);

/// How a next hop is for some hours. Which one follows from the seed, its name and the hour.
enum class HopMood : std::uint8_t {
  fine,
  later,           ///< 4yz
  never,           ///< 5yz
  away,            ///< No connection.
  silent,          ///< No answer for minutes, then no connection any more.
  cut_at_the_end,  ///< Takes the message; its reply is lost.
};

class SmallServer;

/// Builds the world, lets it live, and enters into the books' problems what should not be.
class SmallWorld {
 public:
  explicit SmallWorld(std::uint64_t seed, const SmallPlan& plan);

  /// Trouble; then none, until all that waits must have ended.
  void live();

  const Books& books() const noexcept { return books_; }
  sim::World& world() noexcept { return world_; }
  std::uint64_t crashes() { return world_.server().crashes(); }
  std::uint64_t commits() const noexcept { return disk_.commits(); }
  const queue::QueueConfig& config() const noexcept { return config_; }

 private:
  friend class SmallServer;

  void boot();
  bool is_running();
  void suffer();
  void trouble_once();
  void rest();
  io::Task<Result<>> on_commit(storage::CommitPoint point, std::uint64_t commit);
  HopMood mood_of(const std::string& destination);

  const std::uint64_t seed_;
  const SmallPlan plan_;
  sim::World world_;
  const queue::QueueConfig config_;
  storage::MemoryStorage disk_;
  WatchedStorage storage_;
  Books books_;
  const Duration mood_lasts_;
  SteadyTime began_;
  bool in_trouble_ = true;
  std::size_t written_ = 0;  // messages that were offered
  bool started_ = false;
  SmallServer* server_ = nullptr;
  std::uint64_t crashes_at_start_ = 0;
};

}  // namespace veredus::simulation
