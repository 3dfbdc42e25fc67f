#include <algorithm>
#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "mail/queue/queue_fixture_test_support.h"

namespace veredus::queue {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class QueueOrders : public QueueTest {
 protected:
  std::size_t order(std::vector<Target> targets, Order order) {
    const auto changed = run(server_->queue.order(std::move(targets), std::move(order)));
    EXPECT_TRUE(changed);
    return changed.value_or(0);
  }
  /// Messages that wait for a next hop that defers all of them.
  std::vector<Target> wait(int count) {
    judge_ = defer_all;
    std::vector<Target> targets;
    for (int i = 0; i < count; ++i) targets.push_back({submit(message({"a@x.example"}))});
    world_.run_for(minutes(8));
    return targets;
  }
  std::size_t tried() const { return attempts_.all.size(); }
};

TEST_F(QueueOrders, RetryTriesNowAndOnce) {
  const auto targets = wait(5);
  judge_ = deliver_all;
  EXPECT_EQ(order({targets[1], targets[3]}, {.kind = OrderKind::retry}), 2U);
  world_.run_for(seconds(1));
  EXPECT_EQ(attempts_.relayed.size(), 2U);
  world_.run_for(hours(1));
  EXPECT_EQ(attempts_.relayed.size(), 5U);
  EXPECT_TRUE(list().empty());
}

TEST_F(QueueOrders, RetryThatFailsGoesOnWithTheSchedule) {
  const auto targets = wait(1);  // At 0, 1, 3 and 7 minutes.
  ASSERT_EQ(tried(), 4U);
  EXPECT_EQ(order(targets, {.kind = OrderKind::retry}), 1U);
  world_.run_for(seconds(1));
  EXPECT_EQ(tried(), 5U);
  world_.run_for(minutes(15));
  EXPECT_EQ(tried(), 5U) << "the next one comes 16 minutes after";
  world_.run_for(minutes(2));
  EXPECT_EQ(tried(), 6U);
}

TEST_F(QueueOrders, RetryReachesADestinationThatIsLeftAlone) {
  judge_ = find_nobody;
  std::vector<Target> targets;
  for (int i = 0; i < 10; ++i) targets.push_back({submit(message({"a@x.example"}))});
  world_.run_for(minutes(10));
  judge_ = deliver_all;
  EXPECT_EQ(order(targets, {.kind = OrderKind::retry}), 10U);
  world_.run_for(seconds(2));
  EXPECT_EQ(attempts_.relayed.size(), 10U);
}

TEST_F(QueueOrders, HeldMailWaitsAcrossARestartUntilReleased) {
  auto targets = wait(3);
  EXPECT_EQ(order({targets[0], targets[1]}, {.kind = OrderKind::hold}), 2U);
  EXPECT_EQ(order({targets[0]}, {.kind = OrderKind::hold}), 0U) << "is held already";
  judge_ = deliver_all;
  world_.run_for(hours(2));
  EXPECT_EQ(attempts_.relayed.size(), 1U);
  restart();
  world_.run_for(hours(24 * 10));
  ASSERT_EQ(list().size(), 2U) << "what is held does not expire";
  EXPECT_TRUE(list()[0].standings[0].held);
  EXPECT_EQ(order({targets[0]}, {.kind = OrderKind::retry}), 0U) << "it is held";
  EXPECT_EQ(order(targets, {.kind = OrderKind::release}), 2U);
  world_.run_for(seconds(2));
  EXPECT_EQ(attempts_.relayed.size(), 3U);
  EXPECT_TRUE(list().empty());
}

TEST_F(QueueOrders, WhatIsBeingTriedCanBeHeldForAfterwards) {
  judge_ = defer_all;
  Message made = message({"a@x.example"});
  const QueueId id = made.envelope.id;
  world_.spawn("submit", submit_later(std::move(made)));
  ASSERT_TRUE(world_.run_until([this] { return server_->queue.messages() == 1; }));
  world_.run_for(std::chrono::milliseconds(5));  // The worker has it.
  EXPECT_EQ(order({{id}}, {.kind = OrderKind::remove}), 0U);
  EXPECT_EQ(order({{id}}, {.kind = OrderKind::hold}), 1U);
  world_.run_for(hours(1));
  EXPECT_EQ(tried(), 1U);
}

TEST_F(QueueOrders, RemovedMailIsGoneAndNobodyIsTold) {
  const auto targets = wait(2);
  EXPECT_EQ(order({targets[0]}, {.kind = OrderKind::remove, .reason = "spam run"}), 1U);
  ASSERT_EQ(list().size(), 1U);
  judge_ = deliver_all;
  world_.run_for(hours(1));
  EXPECT_EQ(attempts_.relayed.size(), 1U);
  EXPECT_EQ(storage_.blobs(), 0U);
}

TEST_F(QueueOrders, BouncedMailIsTold) {
  const auto targets = wait(1);
  judge_ = deliver_all;
  EXPECT_EQ(order(targets, {.kind = OrderKind::bounce, .reason = "the domain is gone"}), 1U);
  world_.run_for(seconds(1));
  EXPECT_TRUE(list().empty());
  EXPECT_EQ(attempts_.all.back().body, "failed " + text(targets[0].id) + ": a@x.example");
}

TEST_F(QueueOrders, ReroutedMailGoesThereAndBack) {
  const auto targets = wait(2);
  EXPECT_EQ(order(targets, {.kind = OrderKind::reroute, .route = "smtp:other:25"}), 2U);
  world_.run_for(seconds(1));
  EXPECT_EQ(attempts_.all.back().destination, "smtp:other:25");
  restart();
  world_.run_for(hours(1));
  EXPECT_EQ(attempts_.all.back().destination, "smtp:other:25") << "the route is remembered";
  judge_ = deliver_all;
  EXPECT_EQ(order(targets, {.kind = OrderKind::reroute}), 2U);
  world_.run_for(seconds(1));
  EXPECT_EQ(attempts_.all.back().destination, "x.example");
  EXPECT_TRUE(list().empty());
}

TEST_F(QueueOrders, OnlyTheRecipientsThatAreMeant) {
  judge_ = defer_all;
  const QueueId id = submit(message({"a@x.example", "b@x.example", "c@y.example"}));
  world_.run_for(seconds(1));
  EXPECT_EQ(order({{id, {1}}}, {.kind = OrderKind::remove}), 1U);
  judge_ = deliver_all;
  world_.run_for(hours(1));
  EXPECT_EQ(attempts_.relayed.size(), 2U);
  EXPECT_FALSE(attempts_.relayed.contains({id, 1}));
  EXPECT_TRUE(list().empty());
}

TEST_F(QueueOrders, AMessageThatIsNamedTwiceIsTriedOnce) {
  judge_ = defer_all;
  const QueueId id = submit(message({"a@x.example", "b@x.example"}));
  world_.run_for(seconds(1));
  EXPECT_EQ(order({{id, {0}}, {id, {1}}}, {.kind = OrderKind::retry}), 2U);
  world_.run_for(seconds(30));
  EXPECT_LE(tried(), 3U);
  world_.run_for(minutes(1));
  EXPECT_LE(tried(), 4U) << "and not again before it is due";
}

TEST_F(QueueOrders, AMessageThatIsGoneIsNoError) {
  EXPECT_EQ(order({{QueueId{77}}}, {.kind = OrderKind::retry}), 0U);
}

TEST_F(QueueOrders, APausedDestinationGetsNothingUntilResumedAlsoAfterARestart) {
  judge_ = deliver_all;
  ASSERT_TRUE(run(server_->queue.pause("x.example")));
  submit(message({"a@x.example"}));
  submit(message({"b@y.example"}));
  world_.run_for(minutes(1));
  EXPECT_EQ(tried(), 1U);
  restart();
  world_.run_for(hours(3));
  EXPECT_EQ(tried(), 1U);
  const auto views = run(server_->queue.destinations());
  ASSERT_EQ(views.size(), 1U);
  EXPECT_EQ(views[0].name, "x.example");
  EXPECT_TRUE(views[0].held);
  ASSERT_TRUE(run(server_->queue.resume("x.example")));
  world_.run_for(seconds(1));
  EXPECT_EQ(tried(), 2U);
  EXPECT_TRUE(list().empty());
}

// Orders at any moment, while all that can happen to a message happens.
TEST_F(QueueOrders, AnyOrderAtAnyTimeLosesNothing) {
  sim::SeededRandom& choices = world_.choices();
  judge_ = [&choices](const Job& job, std::uint32_t recipient) {
    const auto what = choices.below(4);
    return what == 0   ? find_nobody(job, recipient)
           : what == 1 ? deliver_all(job, recipient)
                       : defer_all(job, recipient);
  };
  std::vector<Target> targets;
  for (int i = 0; i < 60; ++i)
    targets.push_back({submit(message({"a@x.example", "b@y.example", "c@x.example"}))});
  for (int turn = 0; turn < 300; ++turn) {
    const auto kind = std::array{OrderKind::retry, OrderKind::hold, OrderKind::release,
                                 OrderKind::reroute}[choices.below(4)];
    const std::string route = choices.below(2) == 0 ? "" : "z.example";
    const auto first = static_cast<std::ptrdiff_t>(choices.below(50));
    order({targets.begin() + first, targets.begin() + first + 10}, {.kind = kind, .route = route});
    world_.run_for(seconds(choices.below(30)));
  }
  judge_ = deliver_all;
  order(targets, {.kind = OrderKind::release});
  order(targets, {.kind = OrderKind::retry});
  world_.run_for(hours(24));
  EXPECT_TRUE(list().empty());
  EXPECT_EQ(attempts_.relayed.size(), 180U) << "each recipient once";
  EXPECT_TRUE(world_.server().failures().empty());
}

}  // namespace
}  // namespace veredus::queue
