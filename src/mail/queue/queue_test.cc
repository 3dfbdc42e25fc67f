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
#include "mail/queue/queue_test_support.h"
#include "storage/memory/memory_storage.h"

namespace veredus::queue {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class QueueTest : public testing::Test {
 protected:
  QueueTest() {
    config_.retry_jitter = 0;
    boot();
  }

  void boot() {
    server_ = &world_.server().own<Server>(config_, world_.server(), storage_, attempts_, judge_);
    world_.spawn("start", server_->start());
    ASSERT_TRUE(world_.run_until([this] { return server_->started; }));
  }
  void restart() {
    world_.crash();
    storage_.reopen();
    boot();
  }

  Message message(const std::vector<std::string_view>& recipients, std::string body = "hello\r\n") {
    Message made;
    made.envelope.id = server_->queue.new_id();
    made.envelope.sender = smtp::ReversePath(address("al@sender.example"));
    made.envelope.received_at = world_.time().wall();
    for (const std::string_view recipient : recipients)
      made.envelope.recipients.push_back({address(recipient), {}, {}, {}, {}});
    made.envelope.size = body.size();
    made.chunks.emplace_back(std::move(body));
    return made;
  }

  /// Runs a task of the server to its end and gives its result.
  template <class T>
  T run(io::Task<T> task) {
    std::optional<T> result;
    world_.spawn("test", keep(std::move(task), result));
    EXPECT_TRUE(world_.run_until([&result] { return result.has_value(); }));
    return std::move(*result);
  }
  template <class T>
  static io::Task<> keep(io::Task<T> task, std::optional<T>& result) {
    T value = co_await std::move(task);
    result.emplace(std::move(value));
  }

  QueueId submit(Message made) {
    const QueueId id = made.envelope.id;
    EXPECT_TRUE(run(server_->queue.submit(std::move(made))));
    return id;
  }
  io::Task<> submit_later(Message made) {
    const Result<> queued = co_await server_->queue.submit(std::move(made));
    EXPECT_TRUE(queued);
  }
  std::vector<Listed> list() {
    auto lines = run(server_->queue.list(QueueId{0}, 1000));
    EXPECT_TRUE(lines);
    return std::move(*lines);
  }

  static constexpr std::uint64_t kReadsAtStart = 1;   ///< The envelopes: there are none.
  static constexpr std::uint64_t kReadsAMessage = 3;  ///< Envelope, standings, body.

  sim::World world_{7};
  storage::MemoryStorage storage_{world_.system().clock,
                                  {.commit_delay = std::chrono::milliseconds(2)}};
  QueueConfig config_;
  Attempts attempts_;
  Judge judge_ = deliver_all;
  Server* server_ = nullptr;
};

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
    return local == "good"  ? deliver_all(job, recipient)
           : local == "bad" ? refuse_all(job, recipient)
                            : defer_all(job, recipient);
  };
  submit(message({"good@x.example", "bad@x.example", "late@x.example"}));
  world_.run_for(seconds(1));
  auto lines = list();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].standings[0].state, State::relayed);
  EXPECT_EQ(lines[0].standings[1].state, State::failed);
  EXPECT_EQ(lines[0].standings[2].state, State::deferred);

  restart();
  world_.run_for(minutes(2));
  ASSERT_EQ(attempts_.all.size(), 2U);
  EXPECT_EQ(attempts_.all[1].recipients, 1U) << "only the late one is tried again";

  judge_ = deliver_all;
  world_.run_for(hours(1));
  lines = list();
  ASSERT_EQ(lines.size(), 1U) << "held: one recipient failed and nobody was told";
  EXPECT_EQ(lines[0].standings[2].state, State::relayed);
  const std::size_t before = attempts_.all.size();
  restart();
  world_.run_for(hours(24 * 10));
  EXPECT_EQ(attempts_.all.size(), before) << "never tried again";
  EXPECT_EQ(list().size(), 1U);
  EXPECT_EQ(storage_.blobs(), 1U);
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
  judge_ = defer_all;
  submit(message({"bob@example.org"}));
  world_.run_for(hours(24 * 5 - 5));
  EXPECT_EQ(list()[0].standings[0].state, State::deferred);
  world_.run_for(hours(10));
  const auto lines = list();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].standings[0].state, State::failed);
  EXPECT_EQ(lines[0].standings[0].reply, "expired after 5 days: 450 later");
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
  EXPECT_TRUE(std::ranges::all_of(lines, [](const Listed& line) {
    return line.standings[0].state == State::deferred && line.standings[0].attempts >= 1 &&
           line.standings[0].reply == "connection refused";
  }));

  judge_ = deliver_all;
  world_.run_for(hours(1));
  EXPECT_EQ(attempts_.relayed.size(), 301U);
  EXPECT_EQ(storage_.keys(), 0U);
}

TEST_F(QueueTest, MailForADestinationThatStaysDeadExpires) {
  judge_ = find_nobody;
  for (int i = 0; i < 20; ++i) submit(message({"a@dead.example"}));
  world_.run_for(hours(24 * 5 + 6));
  const auto lines = list();
  ASSERT_EQ(lines.size(), 20U);
  for (const Listed& line : lines) EXPECT_EQ(line.standings[0].state, State::failed);
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
  EXPECT_EQ(run(server_->queue.next("x.example", hours(1))), std::nullopt);
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
