// A second job for a worker that has one, and a report that asks for the next.

#include <set>

#include <gtest/gtest.h>

#include "mail/queue/queue_fixture_test_support.h"

namespace veredus::queue {
namespace {

using std::chrono::minutes;

class QueueBesidesTest : public QueueTest {
 protected:
  /// One worker at a time, which has the first of these messages in hand.
  void begin(int messages) {
    config_.workers_start = 1;
    config_.workers_per_destination_max = 1;
    restart();
    for (int i = 0; i < messages; ++i) submit(message({"a@x.example"}));
    ASSERT_TRUE(world_.run_until([this] { return besides(); }));
  }
  bool besides() {
    auto job = run(server_->queue.next_besides("x.example"));
    if (job) jobs_.push_back(std::move(*job));
    return !jobs_.empty();
  }
  static std::vector<Outcome> relayed(const Job& job) {
    return {deliver_all(job, job.recipients.front())};
  }

  std::vector<Job> jobs_;
};

TEST_F(QueueBesidesTest, EachMessageIsHandedOutOnceAndReportedOnce) {
  begin(4);
  std::set<QueueId> taken;
  while (!jobs_.empty()) {
    Job job = std::move(jobs_.back());
    jobs_.pop_back();
    EXPECT_TRUE(taken.insert(job.envelope->id).second);
    auto outcomes = relayed(job);
    Wish wish{.destination = job.destination, .besides = true};
    auto next = run(server_->queue.report_and_next(std::move(job), std::move(outcomes), wish));
    if (next) jobs_.push_back(std::move(*next));
  }
  world_.run_for(minutes(1));
  for (const auto& [id, recipient] : attempts_.relayed) EXPECT_FALSE(taken.contains(id));
  EXPECT_EQ(taken.size() + attempts_.relayed.size(), 4U);
  EXPECT_EQ(list().size(), 0U);
}

TEST_F(QueueBesidesTest, WhatIsOnDiskAloneWaitsForItsTurnAndKeepsIt) {
  config_.workers_start = 1;
  config_.workers_per_destination_max = 1;
  restart();
  EXPECT_TRUE(run(server_->queue.pause("x.example")));
  std::vector<QueueId> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(submit(message({"a@x.example"})));
  restart();  // Now they are on disk alone.
  EXPECT_TRUE(run(server_->queue.resume("x.example")));
  while (attempts_.all.size() < ids.size()) {
    EXPECT_FALSE(besides());
    world_.run_for(std::chrono::milliseconds(1));
  }
  for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(attempts_.all[i].id, ids[i]);
}

TEST_F(QueueBesidesTest, NothingIsHandedOutOnceTheQueueHasStopped) {
  begin(4);
  server_->queue.stop();
  jobs_.resize(1);
  Job job = std::move(jobs_.front());
  auto outcomes = relayed(job);
  Wish wish{.destination = job.destination, .besides = true};
  EXPECT_EQ(run(server_->queue.report_and_next(std::move(job), std::move(outcomes), wish)),
            std::nullopt);
  EXPECT_EQ(run(server_->queue.next_besides("x.example")), std::nullopt);
}

}  // namespace
}  // namespace veredus::queue
