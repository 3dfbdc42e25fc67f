// A second job for a worker that has one.

#include <string>

#include <gtest/gtest.h>

#include "mail/queue/schedule_test_support.h"

namespace veredus::queue {
namespace {

using Bench = ScheduleBench;

/// The id of the entry, or "-".
std::string besides(Bench& bench, std::string_view destination, bool may_go = true) {
  const auto entry =
      bench.schedule().take_besides(destination, [may_go](QueueId /*id*/) { return may_go; });
  return entry ? std::to_string(static_cast<std::uint64_t>(entry->id)) : "-";
}

/// Two workers, each with one of the messages 1 and 2, while more wait.
Bench& busy(Bench& bench, std::uint64_t messages) {
  for (std::uint64_t id = 1; id <= messages; ++id) bench.add(id, "a");
  bench.act(0);
  bench.ask("a", 1);
  bench.ask("a", 2);
  EXPECT_EQ(bench.act(0), "hand 1=1, hand 2=2");
  return bench;
}

TEST(ScheduleBesides, IsWhatNoWorkerIsFreeFor) {
  Bench bench;
  busy(bench, 4);
  EXPECT_EQ(besides(bench, "a"), "3");
  EXPECT_EQ(besides(bench, "a"), "4");
  EXPECT_EQ(besides(bench, "a"), "-");
  for (int i = 0; i < 4; ++i) bench.done("a");
  EXPECT_EQ(bench.schedule().ready(), 0U);
}

TEST(ScheduleBesides, LeavesToAWorkerThatStartsWhatItStartsFor) {
  Bench bench;
  bench.add(1, "a");
  bench.add(2, "a");
  EXPECT_EQ(bench.act(0), "start a, start a");
  bench.ask("a", 1);
  EXPECT_EQ(bench.act(0), "hand 1=1");
  EXPECT_EQ(besides(bench, "a"), "-") << "the other worker comes for it";
  bench.add(3, "a");
  EXPECT_EQ(besides(bench, "a"), "2");
}

TEST(ScheduleBesides, IsNothingWhereAnotherWorkerIsIdle) {
  Bench bench;
  busy(bench, 2);
  bench.done("a");
  bench.ask("a", 1);
  EXPECT_EQ(bench.act(0), "");
  bench.add(3, "a");
  EXPECT_EQ(besides(bench, "a"), "-");
  EXPECT_EQ(bench.act(0), "hand 1=3");
}

TEST(ScheduleBesides, IsNothingOfAStrangerOrOfWhatIsHeld) {
  Bench bench;
  busy(bench, 3);
  EXPECT_EQ(besides(bench, "b"), "-");
  bench.schedule().hold("a");
  EXPECT_EQ(besides(bench, "a"), "-");
  bench.schedule().resume("a");
  EXPECT_EQ(besides(bench, "a"), "3");
  bench.schedule().stop();
  bench.add(4, "a");
  EXPECT_EQ(besides(bench, "a"), "-");
}

TEST(ScheduleBesides, PassesNobodyOver) {
  Bench bench;
  busy(bench, 4);
  EXPECT_EQ(besides(bench, "a", false), "-");
  EXPECT_EQ(besides(bench, "a"), "3");
}

TEST(ScheduleBesides, IsNothingWhereThereIsARate) {
  QueueConfig config;
  Limit& limit = config.limits.emplace_back();
  limit.name = "slow";
  limit.domains = {"a"};
  limit.messages_per_minute = 60;
  Bench bench(config);
  for (std::uint64_t id = 1; id <= 3; ++id) bench.add(id, "smtp:a:25");
  bench.act(0);
  bench.ask("smtp:a:25", 1);
  bench.act(0);
  EXPECT_EQ(besides(bench, "smtp:a:25"), "-");
}

TEST(ScheduleBesides, IsNothingWhereADestinationWithoutAWorkerWaitsForOne) {
  QueueConfig config;
  config.workers_max = 2;
  Bench bench(config);
  busy(bench, 3);
  EXPECT_EQ(besides(bench, "a"), "3");
  bench.add(4, "a");
  bench.add(5, "b");
  bench.act(0);
  EXPECT_EQ(besides(bench, "a"), "-");
}

}  // namespace
}  // namespace veredus::queue
