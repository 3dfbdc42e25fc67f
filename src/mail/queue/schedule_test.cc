#include "mail/queue/schedule.h"

#include <chrono>
#include <string>
#include <unordered_set>

#include <gtest/gtest.h>

#include "mail/queue/schedule_test_support.h"

namespace veredus::queue {
namespace {

using Bench = ScheduleBench;

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
  EXPECT_FALSE(bench.judge("a", Verdict::unreachable, 0));
  bench.done("a");
  bench.ask("a", 2);
  bench.ask("a", 3);
  EXPECT_EQ(bench.act(0), "end 2, end 3");
  EXPECT_EQ(bench.act(9), "");
  EXPECT_EQ(bench.act(10), "start a");
  bench.ask("a", 4);
  EXPECT_EQ(bench.act(10), "hand 4=2");
  EXPECT_FALSE(bench.judge("a", Verdict::unreachable, 10));
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

TEST(Schedule, ADestinationThatTakesNoMoreConnectionsIsLeftItsOthers) {
  Bench bench;
  for (std::uint64_t id = 1; id <= 30; ++id) bench.add(id, "a");
  EXPECT_EQ(bench.act(0), "start a, start a");
  bench.ask("a", 1);
  bench.ask("a", 2);
  EXPECT_EQ(bench.act(0), "hand 1=1, hand 2=2");
  EXPECT_FALSE(bench.judge("a", Verdict::success, 0));
  bench.done("a");
  bench.ask("a", 3);
  EXPECT_EQ(bench.act(0), "hand 3=3, start a");
  bench.ask("a", 4);
  EXPECT_EQ(bench.act(0), "hand 4=4");

  EXPECT_TRUE(bench.judge("a", Verdict::unreachable, 1)) << "three work, and one of them could not";
  bench.add(4, "a");
  bench.done("a");
  bench.ask("a", 4);
  EXPECT_EQ(bench.act(1), "end 4");
  EXPECT_FALSE(bench.schedule().view("a")->paused_until);
  for (int i = 0; i < 9; ++i) EXPECT_FALSE(bench.judge("a", Verdict::success, 2));
  EXPECT_EQ(bench.act(2), "") << "it has as many as it takes";
  EXPECT_FALSE(bench.judge("a", Verdict::success, 61));
  EXPECT_EQ(bench.act(61), "start a") << "later it is asked again";
}

TEST(Schedule, TheLastOneThatCannotConnectPausesTheDestination) {
  Bench bench;
  for (std::uint64_t id = 1; id <= 9; ++id) bench.add(id, "a");
  EXPECT_EQ(bench.act(0), "start a, start a");
  bench.ask("a", 1);
  bench.ask("a", 2);
  EXPECT_EQ(bench.act(0), "hand 1=1, hand 2=2");
  EXPECT_FALSE(bench.judge("a", Verdict::success, 0));
  EXPECT_TRUE(bench.judge("a", Verdict::unreachable, 1));
  bench.done("a");
  bench.ask("a", 2);
  EXPECT_EQ(bench.act(1), "end 2");
  EXPECT_FALSE(bench.judge("a", Verdict::unreachable, 1));
  EXPECT_EQ(bench.schedule().view("a")->paused_until, at(11));
  EXPECT_EQ(bench.schedule().view("a")->last_error, "4.4.1 connection refused");
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
  EXPECT_EQ(bench.schedule().next_event(), at(20)) << "never longer";
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

TEST(Schedule, AWorkerThatAsksAgainAtOnceStillMakesRoom) {
  Bench bench(config_with(1, 1));
  bench.add(1, "a");
  bench.add(2, "a");
  bench.add(3, "b");
  EXPECT_EQ(bench.schedule().act(at(0))->kind, Action::Kind::start);
  bench.ask("a", 1);
  EXPECT_EQ(bench.schedule().act(at(0))->entry.id, QueueId{1});
  bench.done("a");
  bench.ask("a", 2);
  EXPECT_EQ(bench.act(0), "end 2, start b");
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

TEST(Schedule, AJobThatIsDueJustWhenAWorkerWouldEndGoesToIt) {
  Bench bench;
  bench.add(1, "a");
  EXPECT_EQ(bench.act(0), "start a");
  bench.ask("a", 1);
  EXPECT_EQ(bench.act(0), "hand 1=1");
  bench.done("a");
  bench.defer(2, "a", 5);
  bench.ask("a", 2, at(5));
  EXPECT_EQ(bench.act(5), "hand 2=2");
}

TEST(Schedule, SendersTakeTurns) {
  QueueConfig config;
  config.workers_start = 1;
  Bench bench(config);
  for (std::uint64_t id = 1; id <= 4; ++id) bench.add(id, "a", 1);
  bench.add(10, "a", 2);
  bench.add(20, "a", 3);
  bench.add(21, "a", 3);
  EXPECT_EQ(bench.act(0), "start a");
  std::string order;
  for (std::uint64_t waiter = 1; waiter <= 7; ++waiter) {
    bench.ask("a", waiter);
    const std::string handed = bench.act(0);
    order += handed.substr(handed.find('=') + 1) + " ";
    bench.done("a");
  }
  EXPECT_EQ(order, "1 10 20 2 21 3 4 ");
}

TEST(Schedule, ASenderOfOneGoesSecondAfterOneOfAHundredThousand) {
  Bench bench;
  for (std::uint64_t id = 1; id <= 100'000; ++id) bench.add(id, "a", 1);
  bench.add(999'999, "a", 2);
  EXPECT_EQ(bench.act(0), "start a, start a");
  bench.ask("a", 1);
  bench.ask("a", 2);
  EXPECT_EQ(bench.act(0), "hand 1=1, hand 2=999999");
}

TEST(Schedule, StartsAsManyWorkersAsConfigured) {
  QueueConfig config;
  config.workers_start = 3;
  Bench bench(config);
  for (std::uint64_t id = 1; id <= 5; ++id) bench.add(id, "a");
  EXPECT_EQ(bench.act(0), "start a, start a, start a");
}

TEST(Schedule, LocalMailHasAMaximumOfItsOwn) {
  QueueConfig config = config_with(2, 100);
  config.workers_local_max = 4;
  config.local_destination = "local";
  Bench bench(config);
  for (std::uint64_t id = 1; id <= 8; ++id) {
    bench.add(id, "local");
    bench.add(100 + id, "other");
  }
  EXPECT_EQ(bench.act(0), "start local, start other, start local, start other");
  for (int i = 0; i < 5; ++i) {
    bench.judge("local", Verdict::success, 0);
    bench.judge("other", Verdict::success, 0);
  }
  EXPECT_EQ(bench.act(0), "start local, start local");
}

TEST(Schedule, SourceAddressesBoundAllWorkers) {
  QueueConfig config;
  config.workers_per_source_max = 2;
  config.sources = 2;
  EXPECT_EQ(config.workers_in_all(), 4U);
  Bench bench(config);
  for (std::uint64_t id = 1; id <= 9; ++id) bench.add(id, "d" + std::to_string(id));
  EXPECT_EQ(bench.act(0), "start d1, start d2, start d3, start d4");
}

TEST(Schedule, WhatIsForgottenIsNotHandedOut) {
  Bench bench;
  for (std::uint64_t id = 1; id <= 4; ++id) bench.add(id, "a", static_cast<std::uint32_t>(id % 2));
  for (std::uint64_t id = 5; id <= 8; ++id) bench.defer(id, "a", 10);
  EXPECT_EQ(bench.act(0), "start a, start a");
  bench.ask("a", 1);
  EXPECT_EQ(bench.act(0), "hand 1=1");
  bench.schedule().forget({QueueId{1}, QueueId{2}, QueueId{3}, QueueId{5}, QueueId{7}});
  EXPECT_EQ(bench.schedule().ready(), 1U);
  EXPECT_EQ(bench.schedule().deferred(), 2U);
  bench.done("a");
  bench.ask("a", 2);
  EXPECT_EQ(bench.act(0), "hand 2=4");
  bench.done("a");
  bench.ask("a", 3);
  EXPECT_EQ(bench.act(10), "hand 3=6");
  bench.schedule().forget({QueueId{8}});
  bench.done("a");
  bench.ask("a", 4, at(11));
  bench.ask("a", 5, at(11));
  EXPECT_EQ(bench.act(11), "end 4, end 5");
  EXPECT_EQ(bench.schedule().destinations(), 0U);
}

TEST(Schedule, HeldMailWaitsUntilResumed) {
  Bench bench;
  bench.schedule().hold("a");
  bench.schedule().hold("b");
  bench.add(1, "a");
  EXPECT_TRUE(bench.schedule().is_put_off(bench.schedule().intern("a")));
  EXPECT_EQ(bench.act(0), "");
  bench.schedule().forget({QueueId{1}});
  EXPECT_EQ(bench.act(0), "");
  EXPECT_EQ(bench.schedule().destinations(), 0U);
  bench.add(2, "a");
  EXPECT_EQ(bench.act(1), "") << "held though it was forgotten meanwhile";
  bench.schedule().resume("a");
  EXPECT_EQ(bench.act(1), "start a");
  bench.ask("a", 1);
  EXPECT_EQ(bench.act(1), "hand 1=2");
  bench.done("a");
  bench.ask("a", 2);
  bench.schedule().hold("a");
  EXPECT_EQ(bench.act(1), "end 2");
}

TEST(Schedule, ResumeEndsAnAutomaticPauseAndItsHistory) {
  Bench bench;
  for (std::uint64_t id = 1; id <= 4; ++id) bench.add(id, "a");
  EXPECT_EQ(bench.act(0), "start a, start a");
  for (int i = 0; i < 2; ++i) bench.ask("a", static_cast<std::uint64_t>(i));
  EXPECT_EQ(bench.act(0), "hand 0=1, hand 1=2");
  EXPECT_FALSE(bench.judge("a", Verdict::unreachable, 0));
  bench.done("a");
  bench.ask("a", 2);
  EXPECT_EQ(bench.act(0), "end 2");
  EXPECT_EQ(bench.schedule().view("a")->paused_until, at(10));
  EXPECT_EQ(bench.schedule().view("a")->failures, 1U);
  bench.schedule().resume("a");
  EXPECT_EQ(bench.act(1), "start a");
  EXPECT_EQ(bench.schedule().view("a")->paused_until, std::nullopt);
  EXPECT_FALSE(bench.judge("a", Verdict::unreachable, 1));
  EXPECT_EQ(bench.schedule().next_event(), at(11)) << "the shortest pause again";
}

TEST(Schedule, ViewsTellHowDestinationsStand) {
  Bench bench;
  bench.add(1, "b");
  bench.add(2, "b");
  bench.defer(3, "a", 10);
  bench.schedule().hold("c");
  EXPECT_EQ(bench.act(0), "start b, start b");
  bench.ask("b", 1);
  EXPECT_EQ(bench.act(0), "hand 1=1");
  const auto views = bench.schedule().views();
  ASSERT_EQ(views.size(), 3U);
  EXPECT_EQ(views[0].name, "a");
  EXPECT_EQ(views[0].deferred, 1U);
  EXPECT_EQ(views[1].name, "b");
  EXPECT_EQ(views[1].waiting, 1U);
  EXPECT_EQ(views[1].workers, 2U);
  EXPECT_EQ(views[1].allowed, 2U);
  EXPECT_EQ(views[2].name, "c");
  EXPECT_TRUE(views[2].held);
  EXPECT_EQ(bench.schedule().view("nowhere"), std::nullopt);
}

}  // namespace
}  // namespace veredus::queue
