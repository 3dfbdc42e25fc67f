#include "mail/queue/queue.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "io/sim/world.h"
#include "mail/queue/queue_fixture_test_support.h"
#include "storage/memory/memory_storage.h"

namespace veredus::queue {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TEST_F(QueueTest, DeliversAtOnceAndForgets) {
  const QueueId id = submit(message({"bob@example.org"}));
  world_.run_for(seconds(1));
  ASSERT_EQ(attempts_.all.size(), 1U);
  EXPECT_EQ(attempts_.all[0].id, id);
  EXPECT_EQ(attempts_.all[0].destination, "example.org");
  EXPECT_EQ(attempts_.all[0].body, "hello\r\n");
  EXPECT_TRUE(list().empty());
  EXPECT_EQ(storage_.keys(), 0U);
  EXPECT_EQ(storage_.blobs(), 0U);
  EXPECT_TRUE(world_.server().failures().empty());
}

TEST_F(QueueTest, RecipientsWithOneNextHopShareAJobUpToTheLimit) {
  config_.recipients_per_job_max = 2;
  restart();
  submit(message({"a@x.example", "b@x.example", "c@x.example", "d@y.example"}));
  world_.run_for(seconds(1));
  std::multiset<std::pair<std::string, std::size_t>> jobs;
  for (const auto& one : attempts_.all) jobs.emplace(one.destination, one.recipients);
  EXPECT_EQ(jobs, (std::multiset<std::pair<std::string, std::size_t>>{
                      {"x.example", 2}, {"x.example", 1}, {"y.example", 1}}));
  EXPECT_EQ(storage_.keys(), 0U);
}

TEST_F(QueueTest, RetriesAsTheScheduleSays) {
  judge_ = defer_all;
  submit(message({"bob@example.org"}));
  world_.run_for(minutes(16));
  ASSERT_EQ(attempts_.all.size(), 5U);
  for (std::size_t i = 1; i < attempts_.all.size(); ++i) {
    const auto pause = attempts_.all[i].time - attempts_.all[i - 1].time;
    EXPECT_GE(pause, minutes(1 << (i - 1)));
    EXPECT_LE(pause, minutes(1 << (i - 1)) + seconds(2));
  }
  const auto lines = list();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].standings[0].state, State::deferred);
  EXPECT_EQ(lines[0].standings[0].attempts, 5U);
  EXPECT_EQ(lines[0].standings[0].reply, "450 later");
  EXPECT_EQ(lines[0].standings[0].remote, "mx");
  judge_ = deliver_all;
  world_.run_for(minutes(17));
  EXPECT_EQ(storage_.keys(), 0U);
}

TEST_F(QueueTest, OutcomesAreEachRecipientsOwn) {
  judge_ = [](const Job& job, std::uint32_t recipient) {
    const auto local = job.envelope->recipients[recipient].address.local_part();
    return local == "good" || local == "al" ? deliver_all(job, recipient)
           : local == "bad"                 ? refuse_all(job, recipient)
                                            : defer_all(job, recipient);
  };
  const QueueId id = submit(message({"good@x.example", "bad@x.example", "late@x.example"}));
  world_.run_for(seconds(1));
  auto lines = list();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].standings[0].state, State::relayed);
  EXPECT_EQ(lines[0].standings[1].state, State::bounced);
  EXPECT_EQ(lines[0].standings[2].state, State::deferred);
  ASSERT_EQ(attempts_.all.size(), 2U);
  EXPECT_EQ(attempts_.all[1].destination, "sender.example");
  EXPECT_EQ(attempts_.all[1].body, "failed " + text(id) + ": bad@x.example");

  restart();
  world_.run_for(minutes(2));
  ASSERT_EQ(attempts_.all.size(), 3U);
  EXPECT_EQ(attempts_.all[2].recipients, 1U) << "only the late one is tried again";

  judge_ = deliver_all;
  world_.run_for(hours(1));
  EXPECT_TRUE(list().empty());
  EXPECT_EQ(storage_.blobs(), 0U);
}

TEST_F(QueueTest, ARestartKeepsAttemptsAndTimes) {
  judge_ = defer_all;
  submit(message({"bob@example.org"}));
  world_.run_for(minutes(4));  // Tried at 0, 1 and 3 minutes; next at 7.
  ASSERT_EQ(attempts_.all.size(), 3U);
  restart();
  world_.run_for(minutes(2));
  EXPECT_EQ(attempts_.all.size(), 3U) << "not before it is due";
  world_.run_for(minutes(2));
  EXPECT_EQ(attempts_.all.size(), 4U);
  EXPECT_EQ(list()[0].standings[0].attempts, 4U);
}

TEST_F(QueueTest, AClockThatJumpsNeitherHurriesNorStrandsMail) {
  judge_ = defer_all;
  submit(message({"bob@example.org"}));
  world_.run_for(seconds(1));
  world_.time().jump_wall(-hours(24 * 300));
  world_.run_for(minutes(2));
  EXPECT_EQ(attempts_.all.size(), 2U);
  restart();
  world_.time().jump_wall(-hours(24 * 300));
  restart();
  world_.run_for(hours(7));
  EXPECT_GT(attempts_.all.size(), 2U);
}

TEST_F(QueueTest, MailThatIsTooOldExpiresAtAFailedAttempt) {
  config_.delay_warning = seconds(0);
  restart();
  judge_ = defer_all;
  const QueueId id = submit(message({"bob@example.org"}));
  world_.run_for(hours(24 * 5 - 5));
  EXPECT_EQ(list()[0].standings[0].state, State::deferred);
  judge_ = [](const Job& job, std::uint32_t recipient) {
    return job.destination == "sender.example" ? deliver_all(job, recipient)
                                               : defer_all(job, recipient);
  };
  world_.run_for(hours(6));
  EXPECT_TRUE(list().empty());
  EXPECT_EQ(attempts_.all.back().body, "failed " + text(id) + ": bob@example.org");
  const auto age = attempts_.all.at(attempts_.all.size() - 2).time - attempts_.all.front().time;
  EXPECT_EQ(std::chrono::round<hours>(age), hours(24 * 5)) << "the last attempt is at the end";
}

TEST_F(QueueTest, AnOutcomeThatIsMissingIsADeferral) {
  Job job;
  std::optional<Job> got;
  judge_ = defer_all;
  submit(message({"a@x.example"}));
  judge_ = [](const Job&, std::uint32_t) {
    return Outcome{.recipient = 77, .reply = {}, .remote = {}};
  };
  world_.run_for(seconds(1));
  EXPECT_EQ(list()[0].standings[0].state, State::deferred);
  EXPECT_EQ(list()[0].standings[0].reply, "the attempt ended without an answer");
}

TEST_F(QueueTest, ADeadDestinationIsNotTriedByEveryMessageAndHarmsNoOther) {
  judge_ = [](const Job& job, std::uint32_t recipient) {
    return job.destination == "dead.example" ? find_nobody(job, recipient)
                                             : deliver_all(job, recipient);
  };
  for (int i = 0; i < 300; ++i) submit(message({"a@dead.example"}));
  submit(message({"a@alive.example"}));
  world_.run_for(minutes(1));
  EXPECT_EQ(attempts_.relayed.size(), 1U);
  EXPECT_LT(attempts_.all.size(), 20U);
  const auto lines = list();
  ASSERT_EQ(lines.size(), 300U);
  EXPECT_LT(std::ranges::count(lines, State::deferred,
                               [](const Listed& line) { return line.standings[0].state; }),
            20)
      << "what was not tried says so";
  const auto stands = run(server_->queue.destinations());
  const auto dead = std::ranges::find(stands, "dead.example", &DestinationView::name);
  ASSERT_NE(dead, stands.end());
  EXPECT_TRUE(dead->paused_until);
  EXPECT_EQ(dead->last_error, "connection refused");

  judge_ = deliver_all;
  world_.run_for(hours(1));
  EXPECT_EQ(attempts_.relayed.size(), 301U);
  EXPECT_EQ(storage_.keys(), 0U);
}

TEST_F(QueueTest, MailForADestinationThatStaysDeadExpires) {
  judge_ = find_nobody;
  for (int i = 0; i < 20; ++i) submit(message({"a@dead.example"}));
  world_.run_for(hours(24 * 5 + 6));
  for (const Listed& line : list()) {
    EXPECT_TRUE(line.envelope.sender.is_null()) << "only notices are left";
    EXPECT_EQ(line.envelope.recipients[0].address, address("al@sender.example"));
  }
  EXPECT_GE(list().size(), 20U);
  world_.run_for(hours(25));
  EXPECT_TRUE(list().empty()) << "notices expire sooner";
}

TEST_F(QueueTest, ABodyOverTheMemoryBudgetIsReadBack) {
  config_.memory_bytes_max = 3000;
  restart();
  judge_ = deliver_all;
  const std::string large(5000, 'x');
  submit(message({"a@x.example"}, large));
  submit(message({"a@x.example"}, "small"));
  world_.run_for(seconds(1));
  ASSERT_EQ(attempts_.all.size(), 2U);
  std::set<std::string> bodies;
  for (const auto& one : attempts_.all) bodies.insert(one.body);
  EXPECT_EQ(bodies, (std::set<std::string>{large, "small"}));

  config_.memory_bytes_max = 0;
  restart();
  submit(message({"a@x.example", "b@y.example"}, "nothing in memory"));
  world_.run_for(seconds(1));
  ASSERT_EQ(attempts_.all.size(), 4U);
  EXPECT_EQ(attempts_.all[3].body, "nothing in memory");
  EXPECT_EQ(storage_.keys(), 0U);
}

// What is kept in memory is delivered without a read.
TEST_F(QueueTest, MailForAPausedDestinationDoesNotWaitInMemory) {
  judge_ = [](const Job& job, std::uint32_t recipient) {
    return job.destination == "dead.example" ? find_nobody(job, recipient)
                                             : deliver_all(job, recipient);
  };
  for (int i = 0; i < 10; ++i) submit(message({"a@dead.example"}));  // The first of them pause it,
  world_.run_for(seconds(1));
  submit(message({"a@dead.example"}, "late\r\n"));  // and this one finds it paused.
  submit(message({"a@dead.example", "b@alive.example"}));
  world_.run_for(seconds(1));
  EXPECT_EQ(attempts_.relayed.size(), 1U);
  EXPECT_EQ(storage_.reads(), kReadsAtStart) << "the living destination had it from memory";
  const std::size_t tried = attempts_.all.size() - 1;

  judge_ = deliver_all;
  world_.run_for(minutes(5));
  EXPECT_EQ(attempts_.relayed.size(), 13U);
  EXPECT_GE(storage_.reads(), kReadsAtStart + ((12 - tried) * kReadsAMessage));
  EXPECT_EQ(storage_.keys(), 0U);
  EXPECT_TRUE(
      std::ranges::any_of(attempts_.all, [](const auto& one) { return one.body == "late\r\n"; }));
}

TEST_F(QueueTest, ABacklogNobodyTakesDoesNotWaitInMemory) {
  config_.workers_per_destination_max = 1;
  config_.workers_max = 1;
  restart();
  const std::uint64_t before = storage_.reads();
  std::vector<Message> burst;
  for (int i = 0; i < 500; ++i) burst.push_back(message({"a@slow.example"}));
  for (Message& made : burst) world_.spawn("submit", submit_later(std::move(made)));
  world_.run_for(minutes(5));
  EXPECT_EQ(attempts_.relayed.size(), 500U);
  EXPECT_GT(storage_.reads() - before, 300 * kReadsAMessage);
  EXPECT_LT(storage_.reads() - before, 400 * kReadsAMessage);
}

TEST_F(QueueTest, AStreamedBodyIsReadFromStorage) {
  Message made = message({"a@x.example"}, "end");
  const QueueId id = made.envelope.id;
  for (std::uint32_t i = 0; i < 3; ++i) {
    const std::string chunk(storage::kChunkBytes, static_cast<char>('a' + i));
    ASSERT_TRUE(run(server_->queue.append(id, i, Bytes(chunk))));
  }
  made.appended = 3;
  submit(std::move(made));
  world_.run_for(seconds(1));
  ASSERT_EQ(attempts_.all.size(), 1U);
  EXPECT_EQ(attempts_.all[0].body.size(), 3 * storage::kChunkBytes + 3);
  EXPECT_TRUE(attempts_.all[0].body.ends_with("cccend"));
  EXPECT_EQ(storage_.blobs(), 0U);
}

TEST_F(QueueTest, AFailedSubmissionLeavesNothing) {
  for (const Fault fault : {Fault::overloaded, Fault::unavailable}) {
    Message made = message({"a@x.example"});
    ASSERT_TRUE(run(server_->queue.append(made.envelope.id, 0, Bytes(std::string("first")))));
    made.appended = 1;
    storage_.fail_commit(0, fault);
    const Result<> got = run(server_->queue.submit(std::move(made)));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().fault(), fault);
  }
  world_.run_for(seconds(1));
  EXPECT_TRUE(attempts_.all.empty());
  EXPECT_EQ(storage_.keys(), 0U);
  EXPECT_EQ(storage_.unclaimed_blobs(), 0U);
}

TEST_F(QueueTest, AFullQueueRefuses) {
  config_.messages_max = 2;
  restart();
  judge_ = defer_all;
  submit(message({"a@x.example"}));
  submit(message({"a@x.example"}));
  const Result<> got = run(server_->queue.submit(message({"a@x.example"})));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().fault(), Fault::overloaded);
  restart();
  EXPECT_FALSE(run(server_->queue.submit(message({"a@x.example"})))) << "counted again at start";
  judge_ = deliver_all;
  world_.run_for(minutes(10));
  EXPECT_TRUE(run(server_->queue.submit(message({"a@x.example"}))));
}

TEST_F(QueueTest, AnOutcomeThatCannotBeWrittenIsKeptAndNotDeliveredAgain) {
  storage_.fail_commit(1, Fault::overloaded);
  storage_.fail_commit(2, Fault::unavailable);
  submit(message({"a@x.example"}));
  world_.run_for(std::chrono::milliseconds(500));
  EXPECT_EQ(storage_.keys(), 1U) << "still on disk";
  world_.run_for(minutes(10));
  EXPECT_EQ(storage_.keys(), 0U);
  EXPECT_EQ(attempts_.all.size(), 1U);
}

TEST_F(QueueTest, AReadThatFailsDelaysOnlyThatMessage) {
  config_.memory_bytes_max = 0;
  restart();
  storage_.fail_read(0, Fault::unavailable);
  submit(message({"a@x.example"}));
  world_.run_for(seconds(1));
  submit(message({"b@x.example"}));
  world_.run_for(seconds(1));
  EXPECT_EQ(attempts_.all.size(), 1U);
  world_.run_for(minutes(2));
  EXPECT_EQ(attempts_.relayed.size(), 2U);
}

TEST_F(QueueTest, StopEndsAllWorkersAndTakesLateReports) {
  submit(message({"a@x.example"}));
  ASSERT_TRUE(world_.run_until([this] { return storage_.commits() > 0 && !list().empty(); }));
  server_->queue.stop();
  world_.run_for(seconds(1));
  EXPECT_EQ(run(server_->queue.next({.destination = "x.example", .hosts = {}, .idle = hours(1)})),
            std::nullopt);
  EXPECT_TRUE(world_.run_until_idle());
  EXPECT_EQ(world_.server().tasks(), 0U);
}

TEST_F(QueueTest, IdsGrowWhateverTheClockDoes) {
  std::set<QueueId> ids;
  QueueId last{};
  for (int i = 0; i < 1000; ++i) {
    if (i == 500) world_.time().jump_wall(-hours(1000));
    const QueueId id = server_->queue.new_id();
    EXPECT_GT(id, last);
    last = id;
  }
  judge_ = defer_all;
  Message made = message({"a@x.example"});
  made.envelope.id = last;
  submit(std::move(made));
  restart();
  EXPECT_GT(server_->queue.new_id(), last) << "also after a restart with the clock set back";
}

TEST_F(QueueTest, FindsOneAndListsInPages) {
  judge_ = defer_all;
  std::vector<QueueId> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(submit(message({"a@x.example"})));
  world_.run_for(seconds(1));
  const auto page = run(server_->queue.list(ids[1], 2));
  ASSERT_TRUE(page);
  ASSERT_EQ(page->size(), 2U);
  EXPECT_EQ((*page)[0].envelope.id, ids[1]);
  EXPECT_EQ((*page)[1].envelope.id, ids[2]);
  const auto found = run(server_->queue.find(ids[3]));
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->envelope.id, ids[3]);
  const auto missing = run(server_->queue.find(QueueId{1}));
  ASSERT_TRUE(missing);
  EXPECT_FALSE(*missing);
  const auto stored = run(list_stored(storage_, QueueId{0}, 100));
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->size(), 5U);
}

}  // namespace
}  // namespace veredus::queue
