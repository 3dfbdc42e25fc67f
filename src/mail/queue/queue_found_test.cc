// What the simulator found (tests/sim), each as the smallest story that shows it.

#include <chrono>

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

TEST_F(QueueFound, NobodyIsToldThatDeliveredMailIsLate) {
  config_.delay_warning = seconds(60);
  restart();
  judge_ = defer_all;
  submit(message({"a@x.example"}));
  world_.run_for(seconds(30));
  for (std::uint64_t nth = 0; nth < 9; ++nth) storage_.fail_commit(nth, Fault::unavailable);
  world_.run_for(minutes(2));  // Tried after one minute: late, and the disk takes no notice.
  judge_ = deliver_all;
  world_.run_for(hours(1));
  EXPECT_TRUE(list().empty());
  EXPECT_EQ(attempts_.relayed.size(), 1U);
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

}  // namespace
}  // namespace veredus::queue
