// Mail that waits for its turn, not for its own next attempt, gets old like all other mail.

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mail/queue/queue_fixture_test_support.h"
#include "mail/trace/reader.h"

namespace veredus::queue {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

class QueueAges : public QueueTest {
 protected:
  /// What senders were told, in order.
  std::vector<std::string> told() const {
    std::vector<std::string> bodies;
    for (const auto& one : attempts_.all)
      if (one.destination == "sender.example") bodies.push_back(one.body);
    return bodies;
  }
  long tried(std::string_view destination) const {
    return std::ranges::count(attempts_.all, destination, &Attempts::One::destination);
  }
};

TEST_F(QueueAges, BehindAPausedDestinationMailIsWarnedOfAndExpires) {
  judge_ = deliver_all;
  ASSERT_TRUE(run(server_->queue.pause("x.example")));
  const QueueId id = submit(message({"a@x.example"}));
  world_.run_for(hours(4) - minutes(1));
  EXPECT_TRUE(told().empty());
  world_.run_for(minutes(10));
  EXPECT_EQ(told(), std::vector{"delayed " + text(id) + ": a@x.example"});
  EXPECT_THAT(list().at(0).standings[0].reply, HasSubstr("paused by the postmaster"));
  EXPECT_EQ(list().at(0).standings[0].attempts, 0U);
  restart();
  world_.run_for(hours(24 * 5 - 5));
  EXPECT_EQ(told().size(), 1U);
  world_.run_for(hours(2));
  ASSERT_EQ(told().size(), 2U);
  EXPECT_EQ(told()[1], "failed " + text(id) + ": a@x.example");
  EXPECT_EQ(tried("x.example"), 0);
  EXPECT_TRUE(list().empty());
  const auto views = run(server_->queue.destinations());
  ASSERT_EQ(views.size(), 1U);
  EXPECT_EQ(views[0].waiting, 0U) << "what was given up waits no more";
}

TEST_F(QueueAges, TheStoryTellsThatItExpired) {
  judge_ = deliver_all;
  ASSERT_TRUE(run(server_->queue.pause("x.example")));
  const QueueId id = submit(message({"a@x.example", "b@y.example"}));
  world_.run_for(hours(24 * 5 + 1));
  const auto story = run(trace::find_story(storage_, id));
  ASSERT_TRUE(story && *story);
  const auto expired =
      std::ranges::find((*story)->events, "failed", [](const auto& event) { return event.state; });
  ASSERT_NE(expired, (*story)->events.end());
  EXPECT_THAT(expired->reply, HasSubstr("expired after 5 days"));
  EXPECT_EQ(expired->recipients, std::vector<std::string>{"a@x.example"});
  EXPECT_NEAR(static_cast<double>((world_.time().wall() - expired->at) / minutes(1)), 60, 10);
}

TEST_F(QueueAges, BehindADeadDestinationOnlyASampleIsTried) {
  judge_ = [](const Job& job, std::uint32_t recipient) {
    return job.destination == "dead.example" ? find_nobody(job, recipient)
                                             : deliver_all(job, recipient);
  };
  for (int i = 0; i < 100; ++i) submit(message({"a@dead.example"}));
  world_.run_for(hours(1));
  EXPECT_LT(tried("dead.example"), 30);
  const auto untried =
      std::ranges::count(list(), 0U, [](const Listed& line) { return line.standings[0].attempts; });
  EXPECT_GT(untried, 70);
  world_.run_for(hours(24 * 5));
  EXPECT_EQ(std::ranges::count_if(told(), [](const auto& one) { return one.starts_with("fai"); }),
            100);
  EXPECT_EQ(told().size(), 200U);
  EXPECT_TRUE(list().empty());
}

TEST_F(QueueAges, WhenADeadDestinationIsBackAllGoesAtOnce) {
  judge_ = find_nobody;
  for (int i = 0; i < 100; ++i) submit(message({"a@dead.example"}));
  world_.run_for(hours(3));
  judge_ = deliver_all;
  world_.run_for(minutes(6));
  EXPECT_GT(attempts_.relayed.size(), 70U);
  world_.run_for(hours(4));
  EXPECT_EQ(attempts_.relayed.size(), 100U);
}

TEST_F(QueueAges, BehindARateLimitMailExpires) {
  config_.limits = {{.name = "slow",
                     .domains = {"x.example"},
                     .mx = {},
                     .workers_max = {},
                     .messages_per_minute = 1}};
  config_.delay_warning = seconds(0);
  config_.expire = hours(1);
  config_.bounce_expire = hours(1);
  restart();
  judge_ = deliver_all;
  ASSERT_TRUE(run(server_->queue.pause("x.example")));
  std::vector<Target> targets;
  for (int i = 0; i < 100; ++i) targets.push_back({submit(message({"a@x.example"}))});
  const Order order{.kind = OrderKind::reroute, .route = "mx:x.example"};
  ASSERT_TRUE(run(server_->queue.order(targets, order)));
  world_.run_for(hours(2));
  EXPECT_TRUE(list().empty());
  EXPECT_NEAR(static_cast<double>(tried("mx:x.example")), 63, 3);
  EXPECT_EQ(tried("mx:x.example") + static_cast<long>(told().size()), 100);
}

TEST_F(QueueAges, WhatIsHeldByThePostmasterStays) {
  judge_ = defer_all;
  const QueueId id = submit(message({"a@x.example"}));
  world_.run_for(seconds(1));
  ASSERT_TRUE(run(server_->queue.order({{id}}, {.kind = OrderKind::hold})));
  world_.run_for(hours(24 * 30));
  EXPECT_EQ(list().size(), 1U);
  EXPECT_TRUE(told().empty());
}

TEST_F(QueueAges, AReadThatFailsIsTriedAgain) {
  judge_ = deliver_all;
  ASSERT_TRUE(run(server_->queue.pause("x.example")));
  submit(message({"a@x.example"}));
  world_.run_for(hours(4) - minutes(1));
  storage_.fail_read(0, Fault::unavailable);
  world_.run_for(minutes(15));
  EXPECT_EQ(told().size(), 1U);
}

}  // namespace
}  // namespace veredus::queue
