// What the simulator found (tests/sim), each as the smallest story that shows it.

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "mail/queue/queue_fixture_test_support.h"

namespace veredus::queue {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

using QueueFound = QueueTest;

/// Recipients of one place whose attempts parted expire at the same instant. One job takes them
/// together, and the worker that was to get the other must not wait for ever.
TEST_F(QueueFound, AJobThatCameToNothingFreesItsWorker) {
  config_.workers_start = 1;
  config_.workers_per_destination_max = 1;
  config_.expire = hours(1);
  config_.retry_max = hours(1);
  restart();
  judge_ = defer_all;
  Message parted = message({"a@x.example", "b@x.example"});
  parted.envelope.sender = smtp::ReversePath();
  const QueueId id = submit(std::move(parted));
  world_.run_for(seconds(10));
  ASSERT_TRUE(run(server_->queue.order({{id, {1}}}, {})));
  world_.run_for(hours(2));
  ASSERT_TRUE(list().empty());
  judge_ = deliver_all;
  submit(message({"c@x.example"}));
  world_.run_for(minutes(10));
  EXPECT_TRUE(list().empty());
}

TEST_F(QueueFound, AnOrderReachesMailWhoseOutcomeIsNotOnDisk) {
  judge_ = defer_all;
  const QueueId on_disk = submit(message({"a@x.example"}));
  world_.run_for(seconds(1));
  for (std::uint64_t nth = 1; nth < 5; ++nth) storage_.fail_commit(nth, Fault::unavailable);
  const QueueId in_memory = submit(message({"b@y.example"}));
  world_.run_for(seconds(1));
  judge_ = deliver_all;
  const auto changed = run(server_->queue.order({{on_disk}, {in_memory}}, {}));
  ASSERT_TRUE(changed);
  EXPECT_EQ(*changed, 2U);
  world_.run_for(seconds(1));
  EXPECT_EQ(attempts_.relayed.size(), 2U);
}

TEST_F(QueueFound, NoIdIsGivenTwiceWhenTheClockGoesBack) {
  judge_ = defer_all;
  world_.time().jump_wall(hours(24));
  submit(message({"a@x.example"}));
  world_.run_for(seconds(1));
  judge_ = deliver_all;
  world_.time().jump_wall(-hours(24));
  const QueueId gone = submit(message({"b@y.example"}));
  world_.run_for(seconds(1));
  restart();
  EXPECT_GT(server_->queue.new_id(), gone);
}

TEST_F(QueueFound, MailThatComesAfterTheClockWentBackDoesNotExpire) {
  world_.time().jump_wall(-hours(24 * 300));
  world_.run_for(hours(2));
  judge_ = defer_all;
  submit(message({"a@x.example"}));
  world_.run_for(hours(1));
  ASSERT_EQ(list().size(), 1U);
  EXPECT_EQ(list().front().standings.front().state, State::deferred);
}

/// Of recipients of one job that are deferred together none is left behind.
TEST_F(QueueFound, AClockThatTicksBetweenRecipientsStrandsNone) {
  world_.time().tick_wall(std::chrono::microseconds(700));
  judge_ = defer_all;
  submit(message({"a@x.example", "b@x.example", "c@x.example", "d@x.example"}));
  world_.run_for(seconds(10));
  judge_ = deliver_all;
  world_.run_for(minutes(5));
  EXPECT_TRUE(list().empty());
}

TEST_F(QueueFound, ANewRouteForSomeRecipientsStrandsNone) {
  judge_ = defer_all;
  server_->destination_of = [](const Recipient&) { return std::string("smtp:hub:25"); };
  submit(message({"a@x.example", "b@y.example"}));
  world_.run_for(seconds(10));
  judge_ = deliver_all;
  server_->destination_of = [](const Recipient& recipient) {
    return domain_of(recipient) == "y.example" ? domain_of(recipient) : "smtp:hub:25";
  };
  run_alone(server_->queue.replan());
  world_.run_for(minutes(5));
  EXPECT_TRUE(list().empty());
  EXPECT_EQ(attempts_.relayed.size(), 2U);
  EXPECT_EQ(attempts_.all.back().recipients, 1U);
}

/// The first destination there ever was is not one that every finished recipient has.
TEST_F(QueueFound, AnotherNameForTheFirstDestinationStrandsNone) {
  judge_ = [](const Job& job, std::uint32_t recipient) {
    return recipient == 0 ? deliver_all(job, recipient) : defer_all(job, recipient);
  };
  server_->destination_of = [](const Recipient&) { return std::string("smtp:old:25"); };
  submit(message({"a@x.example", "b@x.example"}));
  world_.run_for(seconds(10));
  judge_ = deliver_all;
  server_->destination_of = [](const Recipient&) { return std::string("smtp:new:25"); };
  world_.run_for(minutes(5));
  EXPECT_TRUE(list().empty());
}

/// What was long in coming has an id that is older than its reception.
TEST_F(QueueFound, MailThatTookLongToArriveExpiresBehindAPause) {
  judge_ = deliver_all;
  ASSERT_TRUE(run(server_->queue.pause("x.example")));
  Message slow = message({"a@x.example"});
  world_.run_for(minutes(4));
  slow.envelope.received_at = world_.time().wall();
  submit(std::move(slow));
  world_.run_for(hours(24 * 5 + 1));
  EXPECT_TRUE(list().empty());
}

/// One that cannot be read keeps no other from growing old.
TEST_F(QueueFound, WhatCannotBeReadHoldsUpNoOther) {
  judge_ = deliver_all;
  ASSERT_TRUE(run(server_->queue.pause("x.example")));
  submit(message({"a@x.example"}));
  submit(message({"b@x.example"}));
  world_.run_for(hours(4) - minutes(1));
  storage_.fail_read(0, Fault::unavailable);
  world_.run_for(minutes(8));
  const auto told = [this] {
    return std::ranges::count(attempts_.all, "sender.example", &Attempts::One::destination);
  };
  EXPECT_EQ(told(), 1);
  world_.run_for(minutes(6));
  EXPECT_EQ(told(), 2);
}

}  // namespace
}  // namespace veredus::queue
