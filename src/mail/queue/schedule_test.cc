#include "mail/queue/schedule.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace veredus::queue {
namespace {

using std::chrono::seconds;
using Kind = Action::Kind;

constexpr SteadyTime kEpoch{std::chrono::hours(1)};
constexpr SteadyTime kFar = kEpoch + std::chrono::hours(1000);

SteadyTime at(int second) { return kEpoch + seconds(second); }

QueueConfig config_with(std::uint32_t per_destination, std::uint32_t in_all) {
  QueueConfig config;
  config.workers_per_destination_max = per_destination;
  config.workers_max = in_all;
  return config;
}

/// A schedule and a short language for what it decides: "start a", "hand 1=7" (waiter 1 gets
/// message 7), "end 1".
class Bench {
 public:
  explicit Bench(const QueueConfig& config = QueueConfig()) : schedule_(config, kEpoch) {}

  Schedule& schedule() { return schedule_; }
  void add(std::uint64_t id, std::string_view destination) {
    schedule_.add({QueueId{id}, schedule_.intern(destination)});
  }
  void defer(std::uint64_t id, std::string_view destination, int second) {
    schedule_.defer({QueueId{id}, schedule_.intern(destination)}, at(second));
  }
  void ask(std::string_view destination, std::uint64_t waiter, SteadyTime deadline = kFar) {
    schedule_.ask(destination, WaiterId{waiter}, deadline);
  }
  bool judge(std::string_view destination, Verdict verdict, int second) {
    return schedule_.judge(schedule_.intern(destination), verdict, at(second));
  }
  void done(std::string_view destination) { schedule_.done(schedule_.intern(destination)); }

  std::string act(int second) {
    std::string all;
    while (const auto action = schedule_.act(at(second))) {
      if (!all.empty()) all += ", ";
      const auto waiter = static_cast<std::uint64_t>(action->waiter);
      switch (action->kind) {
        case Kind::start:
          all += "start " + schedule_.name(action->destination);
          break;
        case Kind::end:
          all += "end " + std::to_string(waiter);
          break;
        case Kind::hand:
          all += "hand " + std::to_string(waiter) + "=" +
                 std::to_string(static_cast<std::uint64_t>(action->entry.id));
      }
    }
    return all;
  }

 private:
  Schedule schedule_;
};

TEST(Schedule, HandsOutInOrderAndStartsTwoWorkersAtFirst) {
  Bench bench;
  for (std::uint64_t id = 1; id <= 5; ++id) bench.add(id, "a");
  EXPECT_EQ(bench.act(0), "start a, start a");
  bench.ask("a", 1);
  bench.ask("a", 2);
  EXPECT_EQ(bench.act(0), "hand 1=1, hand 2=2");
  EXPECT_FALSE(bench.judge("a", Verdict::success, 0));
  bench.done("a");
  EXPECT_EQ(bench.act(0), "start a");
  bench.ask("a", 3);
  EXPECT_EQ(bench.act(0), "hand 3=3");
}

TEST(Schedule, OneMessageStartsOneWorker) {
  Bench bench;
  bench.add(1, "a");
  EXPECT_EQ(bench.act(0), "start a");
  EXPECT_EQ(bench.act(0), "");
}

TEST(Schedule, AnIdleWorkerGetsTheNextMessage) {
  Bench bench;
  bench.add(1, "a");
  EXPECT_EQ(bench.act(0), "start a");
  bench.ask("a", 1);
  EXPECT_EQ(bench.act(0), "hand 1=1");
  EXPECT_FALSE(bench.judge("a", Verdict::success, 0));
  bench.done("a");
  bench.ask("a", 2, at(5));
  EXPECT_EQ(bench.act(1), "");
  EXPECT_EQ(bench.schedule().next_event(), at(5));
  bench.add(2, "a");
  EXPECT_EQ(bench.act(1), "hand 2=2");
  EXPECT_EQ(bench.schedule().workers(), 1U);
}

TEST(Schedule, AWorkerThatWaitsTooLongEnds) {
  Bench bench;
  bench.add(1, "a");
  EXPECT_EQ(bench.act(0), "start a");
  bench.ask("a", 1);
  EXPECT_EQ(bench.act(0), "hand 1=1");
  bench.done("a");
  bench.ask("a", 2, at(5));
  EXPECT_EQ(bench.act(5), "end 2");
  EXPECT_EQ(bench.schedule().workers(), 0U);
  EXPECT_EQ(bench.schedule().destinations(), 0U) << "nothing refers to it any more";
}

TEST(Schedule, AWorkerThatDoesNotWaitStillGetsWhatIsThere) {
  Bench bench;
  bench.add(1, "a");
  EXPECT_EQ(bench.act(0), "start a");
  bench.ask("a", 1, at(0));
  EXPECT_EQ(bench.act(0), "hand 1=1");
}

TEST(Schedule, AStrangerEnds) {
  Bench bench;
  bench.ask("nowhere", 1);
  EXPECT_EQ(bench.act(0), "end 1");
  EXPECT_EQ(bench.schedule().workers(), 0U);
}

TEST(Schedule, DeferredComesUpWhenDue) {
  Bench bench;
  bench.defer(2, "a", 20);
  bench.defer(1, "b", 10);
  EXPECT_EQ(bench.schedule().next_event(), at(10));
  EXPECT_EQ(bench.act(9), "");
  EXPECT_EQ(bench.act(10), "start b");
  EXPECT_EQ(bench.act(20), "start a");
  EXPECT_EQ(bench.schedule().deferred(), 0U);
}

TEST(Schedule, ADestinationThatCannotBeReachedIsLeftAloneAndThenTriedByOne) {
  Bench bench;
  for (std::uint64_t id = 1; id <= 4; ++id) bench.add(id, "a");
  EXPECT_EQ(bench.act(0), "start a, start a");
  bench.ask("a", 1);
  EXPECT_EQ(bench.act(0), "hand 1=1");
  EXPECT_FALSE(bench.judge("a", Verdict::unreachable, 0)) << "the first failure drains nothing";
  bench.done("a");
  bench.ask("a", 2);
  bench.ask("a", 3);
  EXPECT_EQ(bench.act(0), "end 2, end 3");
  EXPECT_EQ(bench.act(9), "");
  EXPECT_EQ(bench.act(10), "start a");
  bench.ask("a", 4);
  EXPECT_EQ(bench.act(10), "hand 4=2");
  EXPECT_TRUE(bench.judge("a", Verdict::unreachable, 10));
  EXPECT_EQ(bench.schedule().take_ready(bench.schedule().intern("a")).size(), 2U);
  EXPECT_EQ(bench.schedule().next_event(), at(30)) << "twice as long";
}

TEST(Schedule, SuccessAfterAPauseStartsAnew) {
  Bench bench;
  for (std::uint64_t id = 1; id <= 9; ++id) bench.add(id, "a");
  EXPECT_EQ(bench.act(0), "start a, start a");
  bench.ask("a", 1);
  EXPECT_EQ(bench.act(0), "hand 1=1");
  EXPECT_FALSE(bench.judge("a", Verdict::unreachable, 0));
  bench.done("a");
  bench.ask("a", 2);
  bench.ask("a", 3);
  EXPECT_EQ(bench.act(0), "end 2, end 3");
  EXPECT_EQ(bench.act(10), "start a");
  bench.ask("a", 4);
  EXPECT_EQ(bench.act(10), "hand 4=2");
  EXPECT_FALSE(bench.judge("a", Verdict::success, 10));
  bench.done("a");
  EXPECT_EQ(bench.act(10), "start a");
  EXPECT_FALSE(bench.judge("a", Verdict::unreachable, 11));
  EXPECT_EQ(bench.schedule().next_event(), at(21)) << "the shortest pause again";
}

TEST(Schedule, FiveFailuresInARowPauseADestinationThatAnswers) {
  Bench bench;
  for (std::uint64_t id = 1; id <= 9; ++id) bench.add(id, "a");
  EXPECT_EQ(bench.act(0), "start a, start a");
  bench.ask("a", 1);
  EXPECT_EQ(bench.act(0), "hand 1=1");
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(bench.judge("a", Verdict::failure, 0));
  EXPECT_EQ(bench.schedule().next_event(), std::nullopt);
  EXPECT_FALSE(bench.judge("a", Verdict::failure, 0));
  EXPECT_EQ(bench.schedule().next_event(), at(10));
  EXPECT_EQ(bench.act(10), "") << "one worker is enough, two are there";
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(bench.judge("a", Verdict::failure, 10));
  EXPECT_EQ(bench.schedule().next_event(), at(20)) << "never drained, never longer";
}

TEST(Schedule, TheLastQuarterOfWorkersIsForDestinationsThatHaveNone) {
  Bench bench(config_with(4, 4));
  for (std::uint64_t id = 1; id <= 8; ++id) bench.add(id, "slow");
  EXPECT_EQ(bench.act(0), "start slow, start slow");
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(bench.judge("slow", Verdict::success, 0));
  EXPECT_EQ(bench.act(0), "start slow") << "three of four";
  bench.add(100, "other");
  EXPECT_EQ(bench.act(0), "start other");
}

TEST(Schedule, WhenAllWorkersAreTakenDestinationsTakeTurns) {
  Bench bench(config_with(1, 1));
  bench.add(1, "a");
  bench.add(2, "a");
  EXPECT_EQ(bench.act(0), "start a");
  bench.ask("a", 1);
  EXPECT_EQ(bench.act(0), "hand 1=1");
  bench.add(3, "b");
  EXPECT_EQ(bench.act(0), "");
  bench.done("a");
  bench.ask("a", 2);
  EXPECT_EQ(bench.act(0), "end 2, start b");
  bench.ask("b", 3);
  EXPECT_EQ(bench.act(0), "hand 3=3");
  bench.done("b");
  bench.ask("b", 4);
  EXPECT_EQ(bench.act(0), "end 4, start a");
}

TEST(Schedule, AnIdleWorkerEndsForADestinationThatHasNone) {
  Bench bench(config_with(1, 1));
  bench.add(1, "a");
  EXPECT_EQ(bench.act(0), "start a");
  bench.ask("a", 1);
  EXPECT_EQ(bench.act(0), "hand 1=1");
  bench.done("a");
  bench.ask("a", 2);
  EXPECT_EQ(bench.act(0), "");
  bench.add(2, "b");
  EXPECT_EQ(bench.act(0), "end 2, start b");
}

TEST(Schedule, StopEndsAllThatWaitAndHandsOutNothing) {
  Bench bench;
  bench.add(1, "a");
  EXPECT_EQ(bench.act(0), "start a");
  bench.ask("a", 1);
  EXPECT_EQ(bench.act(0), "hand 1=1");
  bench.done("a");
  bench.ask("a", 2);
  bench.schedule().stop();
  bench.add(2, "a");
  bench.defer(3, "a", 1);
  EXPECT_EQ(bench.act(5), "end 2");
  bench.ask("a", 3);
  EXPECT_EQ(bench.act(5), "end 3");
}

/// Random life, checked against a model after every decision.
class Property : public testing::TestWithParam<std::uint64_t> {
 protected:
  struct Worker {
    std::string destination;
    std::optional<std::uint64_t> job;
    bool waiting = false;
  };

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  std::string some_destination() { return "d" + std::to_string(below(kDestinations)); }

  void submit() {
    const std::string destination = some_destination();
    const std::uint64_t id = ++last_id_;
    if (below(4) == 0) {
      schedule_.defer({QueueId{id}, schedule_.intern(destination)}, now_ + seconds(below(100)));
    } else {
      schedule_.add({QueueId{id}, schedule_.intern(destination)});
    }
    open_[id] = destination;
  }

  void let_ask(std::uint64_t number, Worker& worker) {
    worker.waiting = true;
    schedule_.ask(worker.destination, WaiterId{number}, now_ + seconds(below(10)));
  }

  /// Ends the job of a worker: gone, or back with a later time.
  void let_report(Worker& worker) {
    const std::uint64_t id = *worker.job;
    const DestinationId destination = schedule_.intern(worker.destination);
    const bool dead = worker.destination == "d0" && now_ < SteadyTime(kEpoch + seconds(3000));
    const auto verdict = dead            ? Verdict::unreachable
                         : below(5) == 0 ? Verdict::failure
                                         : Verdict::success;
    if (verdict == Verdict::success) {
      open_.erase(id);
    } else {
      schedule_.defer({QueueId{id}, destination}, now_ + seconds(1 + below(60)));
    }
    busy_.erase(id);
    if (schedule_.judge(destination, verdict, now_)) {
      for (const Entry& entry : schedule_.take_ready(destination)) {
        schedule_.defer(entry, now_ + seconds(1 + below(60)));
        schedule_.done(destination);
      }
    }
    schedule_.done(destination);
    worker.job.reset();
  }

  void move_a_worker() {
    if (workers_.empty()) return;
    auto chosen = std::next(workers_.begin(), static_cast<long>(below(workers_.size())));
    Worker& worker = chosen->second;
    if (worker.waiting) return;
    if (worker.job) {
      let_report(worker);
    } else {
      let_ask(chosen->first, worker);
    }
  }

  void act() {
    while (const auto action = schedule_.act(now_)) {
      const auto number = static_cast<std::uint64_t>(action->waiter);
      if (action->kind == Kind::start) {
        workers_[++last_worker_] = {.destination = schedule_.name(action->destination), .job = {}};
      } else if (action->kind == Kind::end) {
        ASSERT_EQ(workers_.erase(number), 1U);
      } else {
        take(workers_.at(number), *action);
      }
    }
    check_caps();
  }

  void take(Worker& worker, const Action& action) {
    const auto id = static_cast<std::uint64_t>(action.entry.id);
    ASSERT_TRUE(worker.waiting);
    ASSERT_EQ(open_.at(id), worker.destination);
    ASSERT_TRUE(busy_.insert(id).second) << "handed out twice: " << id;
    worker.waiting = false;
    worker.job = id;
  }

  void check_caps() {
    ASSERT_LE(workers_.size(), kWorkers);
    ASSERT_EQ(workers_.size(), schedule_.workers());
    std::map<std::string, std::uint32_t> each;
    for (const auto& [number, worker] : workers_) ++each[worker.destination];
    for (const auto& [destination, count] : each) {
      ASSERT_LE(count, kPerDestination);
      ASSERT_EQ(count, schedule_.workers(destination));
    }
    ASSERT_EQ(open_.size(), schedule_.ready() + schedule_.deferred() + busy_.size());
  }

  static constexpr std::uint64_t kDestinations = 12;
  static constexpr std::uint32_t kWorkers = 8;
  static constexpr std::uint32_t kPerDestination = 3;

  std::mt19937_64 random_{GetParam()};
  SteadyTime now_ = kEpoch;
  Schedule schedule_{config_with(kPerDestination, kWorkers), kEpoch};
  std::map<std::uint64_t, Worker> workers_;
  std::map<std::uint64_t, std::string> open_;
  std::set<std::uint64_t> busy_;
  std::uint64_t last_id_ = 0;
  std::uint64_t last_worker_ = 0;
};

TEST_P(Property, CapsHoldNothingIsHandedOutTwiceAndEverythingComesToAnEnd) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  for (int step = 0; step < 3000; ++step) {
    if (below(3) == 0) submit();
    move_a_worker();
    if (below(4) == 0) now_ += seconds(below(5));
    ASSERT_NO_FATAL_FAILURE(act());
  }
  // No destination starves: with working workers and time, all mail goes.
  for (int step = 0; step < 100'000 && !open_.empty(); ++step) {
    move_a_worker();
    if (below(4) == 0) now_ += seconds(below(20));
    ASSERT_NO_FATAL_FAILURE(act());
  }
  EXPECT_TRUE(open_.empty()) << open_.size() << " never came up, such as " << open_.begin()->first;
}

INSTANTIATE_TEST_SUITE_P(Seeds, Property, testing::Range<std::uint64_t>(1, 41));

}  // namespace
}  // namespace veredus::queue
