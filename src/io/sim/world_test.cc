#include "io/sim/world.h"

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "io/sim/test_support.h"

namespace veredus::sim {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

io::Task<> sleep_and_note(io::System system, Duration duration, std::string name,
                          std::vector<std::string>& log) {
  co_await system.clock.sleep_for(duration);
  log.push_back(name);
}

TEST(Time, DaysPassInNoTimeAndInOrder) {
  World world(1);
  std::vector<std::string> log;
  const SteadyTime start = world.time().now();
  const WallTime wall_start = world.time().wall();
  world.spawn("c", sleep_and_note(world.system(), hours(24 * 5), "five days", log));
  world.spawn("a", sleep_and_note(world.system(), seconds(1), "a second", log));
  world.spawn("b", sleep_and_note(world.system(), seconds(1), "the same second", log));
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_EQ(log, (std::vector<std::string>{"a second", "the same second", "five days"}));
  EXPECT_EQ(world.time().now() - start, hours(24 * 5));
  EXPECT_EQ(world.time().wall() - wall_start, hours(24 * 5));
  EXPECT_EQ(world.server().tasks(), 0U);
}

TEST(Time, TheWallClockMayJumpWhileTheSteadyOneDoesNot) {
  World world(1);
  const io::System system = world.system();
  const SteadyTime steady = system.clock.now();
  const WallTime wall = system.clock.wall();
  world.time().jump_wall(-hours(3));
  EXPECT_EQ(system.clock.wall(), wall - hours(3));
  EXPECT_EQ(system.clock.now(), steady);
}

TEST(Time, RunUntilStopsAtItsConditionOrItsLimit) {
  World world(1);
  std::vector<std::string> log;
  world.spawn("a", sleep_and_note(world.system(), seconds(10), "a", log));
  EXPECT_FALSE(world.run_until([&] { return !log.empty(); }, seconds(5)));
  EXPECT_TRUE(world.run_until([&] { return !log.empty(); }, seconds(6)));
  EXPECT_FALSE(world.run_until([] { return false; }, hours(1))) << "nothing is left to happen";
  const SteadyTime before = world.time().now();
  world.run_for(seconds(7));
  EXPECT_EQ(world.time().now() - before, seconds(7));
}

io::Task<> wait_for(io::Signal& signal, SteadyTime deadline, std::vector<bool>& results) {
  const bool raised = co_await signal.wait_until(deadline);
  results.push_back(raised);
}

TEST(Signal, IsRaisedBeforeDuringOrNotAtAll) {
  World world(1);
  const auto signal = world.system().clock.signal();
  std::vector<bool> results;
  const auto in = [&](Duration duration) { return world.time().now() + duration; };

  signal->raise();
  signal->raise();
  world.spawn("before", wait_for(*signal, in(seconds(1)), results));
  world.run_for(milliseconds(1));
  EXPECT_EQ(results, (std::vector<bool>{true})) << "raised before counts";

  world.spawn("none", wait_for(*signal, in(seconds(1)), results));
  world.run_for(seconds(2));
  EXPECT_EQ(results, (std::vector<bool>{true, false})) << "and was used up, however often raised";

  world.spawn("during", wait_for(*signal, in(hours(1)), results));
  world.run_for(seconds(1));
  const SteadyTime raised_at = world.time().now();
  world.server().post([&] { signal->raise(); });
  EXPECT_TRUE(world.run_until([&] { return results.size() == 3; }));
  EXPECT_TRUE(results.back());
  EXPECT_EQ(world.time().now(), raised_at) << "woken at once";
}

TEST(Workers, RunTheJobALittleLaterAndGiveItsResult) {
  World world(1);
  std::optional<int> answer;
  world.spawn("job",
              keep<int>(io::run_blocking(world.system().workers, [] { return 42; }), answer));
  EXPECT_TRUE(world.run_until([&] { return answer.has_value(); }, seconds(1)));
  EXPECT_EQ(answer, 42);
}

io::Task<> throw_later(io::System system) {
  co_await system.clock.sleep_for(seconds(1));
  throw std::runtime_error("a bug");
}

TEST(Tasks, AnExceptionEndsOneTaskAndIsRemembered) {
  World world(1);
  std::vector<std::string> log;
  world.spawn("buggy", throw_later(world.system()));
  world.spawn("other", sleep_and_note(world.system(), seconds(2), "other", log));
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_EQ(world.failures(), (std::vector<std::string>{"server: buggy: a bug"}));
  EXPECT_EQ(log.size(), 1U);
}

io::Task<> wander(io::System system, int steps) {
  for (int i = 0; i < steps; ++i) {
    const auto pause = milliseconds(1 + system.random.below(100));
    co_await system.clock.sleep_for(pause);
  }
}

std::uint64_t trace_of(std::uint64_t seed) {
  Faults faults;
  faults.network.cut = 0.2;
  World world(seed, faults);
  const io::Endpoint server = endpoint("192.0.2.1", 25);
  world.spawn("server", accept_all(world.system(), server, &echo));
  std::vector<std::optional<Result<std::string>>> answers(10);
  for (auto& answer : answers) {
    world.outside().spawn("client", keep<Result<std::string>>(
                                        ask(world.outside().system(), server, "hello"), answer));
    world.spawn("wander", wander(world.system(), 20));
  }
  world.run_for(hours(1));
  return world.time().trace();
}

TEST(Determinism, TheSeedDecidesEverything) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    EXPECT_EQ(trace_of(seed), trace_of(seed));
    EXPECT_NE(trace_of(seed), trace_of(seed + 1));
  }
}

TEST(Randomness, IsFairEnough) {
  SeededRandom random(7);
  std::vector<int> counts(10, 0);
  for (int i = 0; i < 10'000; ++i) ++counts[random.below(10)];
  for (const int count : counts) EXPECT_NEAR(count, 1000, 150);
  EXPECT_FALSE(random.chance(0));
  EXPECT_TRUE(random.chance(1));
  EXPECT_EQ(random.between(5, 5), 5U);
}

/// Says when it goes; must not outlive its log.
class Traced {
 public:
  Traced(std::string name, std::vector<std::string>& log) : name_(std::move(name)), log_(log) {}
  ~Traced() { log_.push_back(name_); }
  Traced(const Traced&) = delete;
  Traced& operator=(const Traced&) = delete;
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  std::vector<std::string>& log_;
};

/// A session that uses what its server lends it, also while it is being destroyed.
io::Task<> session(io::System system, const Traced& server, std::vector<std::string>& log) {
  const Traced mine("session of " + server.name(), log);
  co_await system.clock.sleep_for(hours(1));
}

io::Task<> serve(io::System system, std::vector<std::string>& log) {
  const Traced server("server", log);
  system.reactors.front()->spawn("session", session(system, server, log));
  co_await system.clock.sleep_for(seconds(1));
  system.reactors.back()->spawn("session", session(system, server, log));
  co_await system.clock.sleep_for(hours(2));
}

TEST(Crash, DropsTasksLastSpawnedFirstThenWhatTheProcessOwns) {
  World world(1);
  std::vector<std::string> log;
  world.server().own<Traced>("owned first", log);
  world.server().own<Traced>("owned last", log);
  world.spawn("serve", serve(world.system(), log));
  world.run_for(seconds(2));
  EXPECT_EQ(world.server().tasks(), 3U);
  world.crash();
  EXPECT_EQ(log, (std::vector<std::string>{"session of server", "session of server", "server",
                                           "owned last", "owned first"}));
  EXPECT_EQ(world.server().tasks(), 0U);
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_EQ(log.size(), 5U) << "nothing of the old process is left";
}

TEST(Crash, ANewProcessRunsOnTheSameHost) {
  World world(1);
  std::vector<std::string> log;
  world.spawn("old", sleep_and_note(world.system(), seconds(1), "old", log));
  world.crash();
  world.spawn("new", sleep_and_note(world.system(), seconds(1), "new", log));
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_EQ(log, (std::vector<std::string>{"new"}));
  EXPECT_EQ(world.server().crashes(), 1U);
}

io::Task<> die_after(Host& host, std::vector<std::string>& log) {
  co_await host.sleep(seconds(1));
  log.push_back("last words");
  co_await host.die();
  log.push_back("a ghost");
}

TEST(Crash, ATaskMayDieAtAnyPoint) {
  World world(1);
  std::vector<std::string> log;
  world.spawn("dying", die_after(world.server(), log));
  world.spawn("other", sleep_and_note(world.system(), seconds(2), "other", log));
  world.outside().spawn("outside",
                        sleep_and_note(world.outside().system(), seconds(3), "outside", log));
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_EQ(log, (std::vector<std::string>{"last words", "outside"}));
}

TEST(Crash, ReadyButNotYetRunIsDroppedToo) {
  World world(1);
  std::vector<std::string> log;
  world.spawn("never started", sleep_and_note(world.system(), seconds(0), "ran", log));
  world.server().post([&] { log.push_back("posted"); });
  world.crash();
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_TRUE(log.empty());
}

TEST(World, EndsWithSuspendedTasksWithoutLeak) {  // LeakSanitizer and AddressSanitizer judge
  std::vector<std::string> log;
  {
    World world(1);
    const io::Endpoint server = endpoint("192.0.2.1", 25);
    world.spawn("server", accept_all(world.system(), server, &echo));
    world.spawn("serve", serve(world.system(), log));
    std::optional<Result<std::string>> answer;
    world.outside().spawn("client", keep<Result<std::string>>(
                                        ask(world.outside().system(), server, "hello"), answer));
    world.run_for(milliseconds(3));
  }
  EXPECT_EQ(log.size(), 2U);
}

}  // namespace
}  // namespace veredus::sim
