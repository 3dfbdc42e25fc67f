// Methodology: the same small day of mail again and again, with a crash at one more commit each
// time (before and after it becomes durable), until a run ends without one. Then the same with
// commits that fail.

#include <algorithm>
#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "mail/queue/queue_test_support.h"

namespace veredus::queue {
namespace {

using std::chrono::minutes;
using storage::CommitPoint;

constexpr int kMessages = 5;

/// Defers every recipient once, by its local part; refuses "bad".
Outcome judge_day(std::set<std::pair<QueueId, std::uint32_t>>& seen, const Job& job,
                  std::uint32_t recipient) {
  const auto local = job.envelope->recipients[recipient].address.local_part();
  if (local == "bad") return refuse_all(job, recipient);
  const bool first = seen.emplace(job.envelope->id, recipient).second;
  return local == "late" && first ? defer_all(job, recipient) : deliver_all(job, recipient);
}

class Day {
 public:
  explicit Day(std::uint64_t seed) : world_(seed) {
    judge_ = [this](const Job& job, std::uint32_t recipient) {
      return judge_day(seen_, job, recipient);
    };
  }

  storage::MemoryStorage& storage() { return storage_; }

  /// Dies at the commit, if that many come.
  void crash_at(CommitPoint where, std::uint64_t which) {
    storage_.set_hook([this, where, which](CommitPoint point, std::uint64_t commit) {
      const bool now = point == where && commit == which;
      return now ? die(world_.server()) : go_on();
    });
  }

  void boot() {
    auto& server =
        world_.server().own<Server>(config_, world_.server(), storage_, attempts_, judge_);
    world_.spawn("start", server.start());
    ASSERT_TRUE(world_.run_until([&server] { return server.started; }));
    server_ = &server;
  }

  /// True when it crashed on the way.
  bool live() {
    boot();
    for (int i = 0; i < kMessages; ++i) world_.spawn("submit", submit(i));
    world_.run_for(minutes(20));
    if (world_.server().crashes() == 0) return false;
    storage_.reopen();
    boot();
    world_.run_for(minutes(20));
    return true;
  }

  void check() {
    for (const auto& [id, recipients] : acknowledged_) {
      for (std::uint32_t r = 0; r < recipients; ++r) {
        const bool refused = r == 2;
        EXPECT_TRUE(refused || attempts_.relayed.contains({id, r})) << text(id) << " " << r;
      }
      EXPECT_EQ(notices_of(id), recipients == 3 ? 1U : 0U) << text(id);
    }
    EXPECT_EQ(storage_.keys(), 0U);
    EXPECT_EQ(storage_.blobs(), 0U);
    EXPECT_EQ(storage_.unclaimed_blobs(), 0U);
    EXPECT_TRUE(world_.server().failures().empty());
  }

  void check_no_duplicates() {
    for (const auto& one : attempts_.relayed) EXPECT_EQ(attempts_.relayed.count(one), 1U);
  }

 private:
  static io::Task<Result<>> die(sim::Host& host) {
    co_await host.die();
    co_return Result<>();
  }
  static io::Task<Result<>> go_on() { co_return Result<>(); }

  io::Task<> submit(int number) {
    Message message;
    message.envelope.id = server_->queue.new_id();
    message.envelope.received_at = world_.time().wall();
    message.envelope.sender = smtp::ReversePath(address("al@sender.example"));
    const bool with_bad = number % 2 == 0;
    message.envelope.recipients.push_back({address("now@x.example"), {}, {}, {}, {}});
    message.envelope.recipients.push_back({address("late@y.example"), {}, {}, {}, {}});
    if (with_bad) message.envelope.recipients.push_back({address("bad@x.example"), {}, {}, {}, {}});
    const QueueId id = message.envelope.id;
    const auto recipients = static_cast<std::uint32_t>(message.envelope.recipients.size());
    Result<> appended = co_await server_->queue.append(id, 0, Bytes("streamed "));
    if (!appended) co_return;
    message.appended = 1;
    message.chunks.emplace_back("end");
    Result<> queued = co_await server_->queue.submit(std::move(message));
    if (queued) acknowledged_.emplace_back(id, recipients);
  }

  /// Different notices about the message that were delivered.
  std::size_t notices_of(QueueId id) const {
    std::set<QueueId> notices;
    for (const Attempts::One& one : attempts_.all) {
      if (one.body == "failed " + text(id) + ": bad@x.example") notices.insert(one.id);
    }
    return notices.size();
  }

  sim::World world_;
  storage::MemoryStorage storage_{world_.system().clock,
                                  {.commit_delay = std::chrono::milliseconds(2)}};
  QueueConfig config_;
  Attempts attempts_;
  Judge judge_;
  Server* server_ = nullptr;
  std::set<std::pair<QueueId, std::uint32_t>> seen_;
  std::vector<std::pair<QueueId, std::uint32_t>> acknowledged_;
};

class QueueCrash : public testing::TestWithParam<CommitPoint> {};

TEST_P(QueueCrash, AcknowledgedMailSurvivesACrashAtAnyCommit) {
  for (std::uint64_t commit = 1;; ++commit) {
    SCOPED_TRACE("crash at commit " + std::to_string(commit));
    Day day(commit);
    day.crash_at(GetParam(), commit);
    const bool crashed = day.live();
    day.check();
    if (testing::Test::HasFailure()) break;
    if (!crashed) {
      day.check_no_duplicates();
      EXPECT_GT(commit, 15U) << "the day had commits to crash at";
      break;
    }
    ASSERT_LT(commit, 1000U) << "the loop must end";
  }
}

INSTANTIATE_TEST_SUITE_P(Points, QueueCrash,
                         testing::Values(CommitPoint::before_apply, CommitPoint::after_apply),
                         [](const auto& test) {
                           return std::string(test.param == CommitPoint::before_apply ? "before"
                                                                                      : "after");
                         });

TEST(QueueFaults, AnyCommitMayFailAndNothingAcknowledgedIsLostOrSentTwice) {
  std::uint64_t commits = 0;
  for (std::uint64_t nth = 0; nth <= commits; ++nth) {
    SCOPED_TRACE("failing commit " + std::to_string(nth));
    Day day(nth);
    day.storage().fail_commit(nth, nth % 2 == 0 ? Fault::overloaded : Fault::unavailable);
    EXPECT_FALSE(day.live());
    day.check();
    day.check_no_duplicates();
    if (testing::Test::HasFailure()) break;
    commits = std::max(commits, day.storage().commits());
    ASSERT_LT(nth, 1000U) << "the loop must end";
  }
}

}  // namespace
}  // namespace veredus::queue
