// What limits by pattern do to the schedule.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "mail/queue/schedule_test_support.h"

namespace veredus::queue {
namespace {

using std::chrono::seconds;

QueueConfig config_of(Limit limit) {
  QueueConfig config;
  limit.name = "limit";
  config.limits.push_back(std::move(limit));
  return config;
}

Limit workers_of_hoster(std::uint32_t workers) {
  Limit limit;
  limit.mx = {"*.hoster.example"};
  limit.workers_max = workers;
  return limit;
}

Limit messages_of_all(std::uint32_t a_minute) {
  Limit limit;
  limit.domains = {"*"};
  limit.messages_per_minute = a_minute;
  return limit;
}

TEST(Limits, DomainsOfOneLimitShareItsWorkers) {
  Limit limit;
  limit.domains = {"*.example"};
  limit.workers_max = 3;
  ScheduleBench bench(config_of(limit));
  for (std::uint64_t id = 1; id <= 5; ++id) {
    bench.add(id, "mx:a.example");
    bench.add(10 + id, "mx:b.example");
    bench.add(20 + id, "mx:free.org");
  }
  EXPECT_EQ(bench.act(0),
            "start mx:a.example, start mx:b.example, start mx:free.org, "
            "start mx:a.example, start mx:free.org");
  EXPECT_EQ(bench.schedule().view("mx:a.example")->limit, "limit");
  EXPECT_EQ(bench.schedule().view("mx:free.org")->limit, "");
}

TEST(Limits, DestinationsTakeTurnsAtTheWorkersOfALimit) {
  Limit limit;
  limit.domains = {"*"};
  limit.workers_max = 1;
  ScheduleBench bench(config_of(limit));
  bench.add(1, "mx:a");
  bench.add(2, "mx:a");
  bench.add(3, "mx:b");
  EXPECT_EQ(bench.act(0), "start mx:a");
  bench.ask("mx:a", 1);
  EXPECT_EQ(bench.act(0), "hand 1=1");
  bench.done("mx:a");
  bench.ask("mx:a", 2);
  EXPECT_EQ(bench.act(0), "end 2, start mx:b");
  bench.ask("mx:b", 3);
  EXPECT_EQ(bench.act(0), "hand 3=3");
  bench.done("mx:b");
  bench.ask("mx:b", 4);
  EXPECT_EQ(bench.act(0), "end 4, start mx:a");
}

TEST(Limits, AnIdleWorkerEndsForAnotherDestinationOfItsLimit) {
  Limit limit;
  limit.domains = {"*"};
  limit.workers_max = 1;
  ScheduleBench bench(config_of(limit));
  bench.add(1, "mx:a");
  EXPECT_EQ(bench.act(0), "start mx:a");
  bench.ask("mx:a", 1);
  EXPECT_EQ(bench.act(0), "hand 1=1");
  bench.done("mx:a");
  bench.ask("mx:a", 2);
  EXPECT_EQ(bench.act(0), "");
  bench.add(2, "mx:b");
  EXPECT_EQ(bench.act(0), "end 2, start mx:b");
}

TEST(Limits, UntilHostsAreKnownOneWorkerLooks) {
  ScheduleBench bench(config_of(workers_of_hoster(2)));
  for (std::uint64_t id = 1; id <= 9; ++id) bench.add(id, "mx:a.org");
  EXPECT_EQ(bench.act(0), "start mx:a.org");
  bench.ask_with("mx:a.org", 1, "mx.a.org");
  EXPECT_EQ(bench.act(0), "hand 1=1, start mx:a.org") << "no limit applies";
  EXPECT_EQ(bench.schedule().view("mx:a.org")->limit, "");
}

TEST(Limits, WithoutHostsADestinationGoesOnWithOneWorker) {
  ScheduleBench bench(config_of(workers_of_hoster(2)));
  for (std::uint64_t id = 1; id <= 9; ++id) bench.add(id, "mx:a.org");
  EXPECT_EQ(bench.act(0), "start mx:a.org");
  bench.ask("mx:a.org", 1);
  EXPECT_EQ(bench.act(0), "hand 1=1") << "it has to report that DNS failed";
  EXPECT_FALSE(bench.judge("mx:a.org", Verdict::success, 0));
  EXPECT_EQ(bench.act(0), "");
}

TEST(Limits, AFullLimitEndsTheWorkerThatFoundItAndItsDestinationWaits) {
  ScheduleBench bench(config_of(workers_of_hoster(1)));
  bench.add(1, "mx:a.org");
  bench.add(2, "mx:b.org");
  EXPECT_EQ(bench.act(0), "start mx:a.org, start mx:b.org");
  bench.ask_with("mx:a.org", 1, "a.hoster.example");
  EXPECT_EQ(bench.act(0), "hand 1=1");
  bench.ask_with("mx:b.org", 2, "b.hoster.example");
  EXPECT_EQ(bench.act(0), "end 2");
  EXPECT_EQ(bench.schedule().workers(), 1U);
  bench.done("mx:a.org");
  bench.ask_with("mx:a.org", 3, "a.hoster.example");
  EXPECT_EQ(bench.act(0), "end 3, start mx:b.org");
  bench.ask_with("mx:b.org", 4, "b.hoster.example");
  EXPECT_EQ(bench.act(0), "hand 4=2");
}

TEST(Limits, OtherHostsMoveADestinationOnceItsWorkersEnded) {
  ScheduleBench bench(config_of(workers_of_hoster(1)));
  for (std::uint64_t id = 1; id <= 9; ++id) bench.add(id, "mx:a.org");
  EXPECT_EQ(bench.act(0), "start mx:a.org");
  bench.ask_with("mx:a.org", 1, "mx.a.org");
  EXPECT_EQ(bench.act(0), "hand 1=1, start mx:a.org");
  bench.ask_with("mx:a.org", 2, "mx.hoster.example");
  EXPECT_EQ(bench.act(0), "end 2") << "the other worker still talks to the old host";
  bench.done("mx:a.org");
  bench.ask_with("mx:a.org", 3, "mx.hoster.example");
  EXPECT_EQ(bench.act(0), "end 3, start mx:a.org");
  bench.ask_with("mx:a.org", 4, "mx.hoster.example");
  EXPECT_EQ(bench.act(0), "hand 4=2");
  EXPECT_FALSE(bench.judge("mx:a.org", Verdict::success, 0));
  EXPECT_EQ(bench.act(0), "");
  EXPECT_EQ(bench.schedule().view("mx:a.org")->limit, "limit");
  EXPECT_EQ(bench.schedule().view("mx:a.org")->allowed, 1U);
}

TEST(Limits, ARateHandsOutOneByOne) {
  ScheduleBench bench(config_of(messages_of_all(60)));
  for (std::uint64_t id = 1; id <= 3; ++id) bench.add(id, "mx:a");
  EXPECT_EQ(bench.act(0), "start mx:a") << "one message may go, so one worker will do";
  bench.ask("mx:a", 1);
  EXPECT_EQ(bench.act(0), "hand 1=1");
  EXPECT_FALSE(bench.judge("mx:a", Verdict::success, 0));
  bench.done("mx:a");
  bench.ask("mx:a", 2);
  EXPECT_EQ(bench.act(0), "");
  EXPECT_EQ(bench.schedule().next_event(), at(1));
  EXPECT_EQ(bench.schedule().view("mx:a")->rate_limited_until, at(1));
  EXPECT_EQ(bench.act(1), "hand 2=2");
}

TEST(Limits, NoWorkerStartsWithoutAMessageForIt) {
  ScheduleBench bench(config_of(messages_of_all(6)));
  for (std::uint64_t id = 1; id <= 3; ++id) bench.add(id, "mx:a");
  EXPECT_EQ(bench.act(0), "start mx:a");
  bench.ask("mx:a", 1);
  EXPECT_EQ(bench.act(0), "hand 1=1");
  bench.done("mx:a");
  bench.ask("mx:a", 2, at(0));
  EXPECT_EQ(bench.act(0), "end 2");
  EXPECT_EQ(bench.schedule().next_event(), at(10));
  EXPECT_EQ(bench.act(10), "start mx:a");
}

TEST(Limits, AMessageIsKeptForAWorkerThatStartsButNotForLong) {
  ScheduleBench bench(config_of(messages_of_all(1)));
  bench.add(1, "mx:slow");
  EXPECT_EQ(bench.act(0), "start mx:slow");
  bench.add(2, "mx:b");
  EXPECT_EQ(bench.act(1), "");
  EXPECT_EQ(bench.schedule().next_event(), at(5));
  EXPECT_EQ(bench.act(5), "start mx:b");
  bench.ask("mx:b", 1);
  EXPECT_EQ(bench.act(5), "hand 1=2");
  bench.ask("mx:slow", 2);
  EXPECT_EQ(bench.act(6), "");
  EXPECT_EQ(bench.act(65), "hand 2=1");
}

TEST(Limits, EachDestinationMayHaveItsOwnCount) {
  Limit limit = messages_of_all(60);
  limit.workers_max = 1;
  limit.per_destination = true;
  ScheduleBench bench(config_of(limit));
  for (std::uint64_t id = 1; id <= 3; ++id) {
    bench.add(id, "mx:a");
    bench.add(10 + id, "mx:b");
  }
  EXPECT_EQ(bench.act(0), "start mx:a, start mx:b");
  bench.ask("mx:a", 1);
  bench.ask("mx:b", 2);
  EXPECT_EQ(bench.act(0), "hand 1=1, hand 2=11");
  EXPECT_FALSE(bench.judge("mx:a", Verdict::success, 0));
  EXPECT_EQ(bench.act(1), "") << "one worker each";
}

TEST(Limits, ARateOfItsOwnIsRememberedUntilItNoLongerMatters) {
  Limit limit = messages_of_all(1);
  limit.per_destination = true;
  ScheduleBench bench(config_of(limit));
  bench.add(1, "mx:a");
  EXPECT_EQ(bench.act(0), "start mx:a");
  bench.ask("mx:a", 1);
  EXPECT_EQ(bench.act(0), "hand 1=1");
  bench.done("mx:a");
  bench.ask("mx:a", 2, at(1));
  EXPECT_EQ(bench.act(1), "end 2");
  bench.add(2, "mx:a");
  EXPECT_EQ(bench.act(2), "") << "forgetting it would let it go at once";
  bench.schedule().forget({QueueId{2}});
  EXPECT_EQ(bench.act(3), "");
  EXPECT_EQ(bench.act(60), "");
  EXPECT_EQ(bench.schedule().destinations(), 0U);
  EXPECT_EQ(bench.schedule().next_event(), std::nullopt);
}

TEST(Limits, DestinationsTakeTurnsAtARate) {
  ScheduleBench bench(config_of(messages_of_all(60)));
  std::map<std::string, int> handed;
  std::uint64_t waiter = 0;
  for (std::uint64_t id = 0; id < 1000; ++id)
    bench.add(id, "mx:d" + std::to_string(id < 900 ? 0 : id % 10), static_cast<std::uint32_t>(id));
  for (int second = 0; second < 100; ++second) {
    while (const auto action = bench.schedule().act(at(second))) {
      const std::string name = bench.schedule().name(action->destination);
      if (action->kind == Action::Kind::hand) {
        ++handed[name];
        EXPECT_FALSE(bench.judge(name, Verdict::success, second));
        bench.done(name);
      }
      if (action->kind != Action::Kind::end) bench.ask(name, ++waiter, at(second + 5));
    }
  }
  ASSERT_EQ(handed.size(), 10U);
  for (const auto& [name, count] : handed) EXPECT_EQ(count, 10) << name;
}

/// A limit of one worker and one message at a time: destinations need a slot and a token at once.
TEST(Limits, DestinationsTakeTurnsWhenWorkersAndRateBind) {
  Limit limit = messages_of_all(60);
  limit.workers_max = 1;
  ScheduleBench bench(config_of(limit));
  std::map<std::string, int> handed;
  std::uint64_t waiter = 0;
  for (std::uint64_t id = 0; id < 500; ++id) bench.add(id, "mx:d" + std::to_string(id % 5));
  for (int second = 0; second < 100; ++second) {
    while (const auto action = bench.schedule().act(at(second))) {
      const std::string name = bench.schedule().name(action->destination);
      if (action->kind == Action::Kind::hand) {
        ++handed[name];
        EXPECT_FALSE(bench.judge(name, Verdict::success, second));
        bench.done(name);
      }
      if (action->kind != Action::Kind::end) bench.ask(name, ++waiter, at(second + 60));
    }
  }
  ASSERT_EQ(handed.size(), 5U);
  for (const auto& [name, count] : handed) EXPECT_NEAR(count, 20, 2) << name;
}

}  // namespace
}  // namespace veredus::queue
