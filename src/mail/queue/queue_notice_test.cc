#include <algorithm>
#include <chrono>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "mail/queue/queue_fixture_test_support.h"
#include "mail/trace/reader.h"

namespace veredus::queue {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

/// Notices get through, all else goes as `other` says.
Judge notices_get_through(Judge other) {
  return [other = std::move(other)](const Job& job, std::uint32_t recipient) {
    return job.envelope->sender.is_null() ? deliver_all(job, recipient) : other(job, recipient);
  };
}

class QueueNotices : public QueueTest {
 protected:
  std::vector<std::string> notices() const {
    std::vector<std::string> bodies;
    for (const Attempts::One& one : attempts_.all) {
      if (one.destination == "sender.example") bodies.push_back(one.body);
    }
    return bodies;
  }
};

TEST_F(QueueNotices, FailuresThatComeTogetherAreToldTogether) {
  judge_ = notices_get_through(refuse_all);
  const QueueId id = submit(message({"a@x.example", "b@x.example", "c@y.example"}));
  world_.run_for(seconds(1));
  EXPECT_EQ(notices(), std::vector{"failed " + text(id) + ": a@x.example b@x.example c@y.example"});
  EXPECT_TRUE(list().empty());
}

TEST_F(QueueNotices, AFailureDoesNotWaitForARecipientThatIsLate) {
  judge_ = notices_get_through([](const Job& job, std::uint32_t recipient) {
    return job.destination == "x.example" ? refuse_all(job, recipient) : defer_all(job, recipient);
  });
  const QueueId id = submit(message({"a@x.example", "b@y.example"}));
  world_.run_for(seconds(1));
  EXPECT_EQ(notices(), std::vector{"failed " + text(id) + ": a@x.example"});
  ASSERT_EQ(list().size(), 1U);
  EXPECT_EQ(list()[0].standings[0].state, State::bounced);
}

TEST_F(QueueNotices, NobodyIsToldOfMailFromTheNullSender) {
  judge_ = refuse_all;
  Message made = message({"a@x.example"});
  made.envelope.sender = smtp::ReversePath();
  submit(std::move(made));
  world_.run_for(seconds(1));
  EXPECT_EQ(attempts_.all.size(), 1U);
  EXPECT_TRUE(list().empty());
  EXPECT_EQ(storage_.blobs(), 0U);
}

TEST_F(QueueNotices, ANoticeThatFailsIsNotAnsweredWithANotice) {
  judge_ = refuse_all;
  submit(message({"a@x.example"}));
  world_.run_for(hours(1));
  EXPECT_EQ(attempts_.all.size(), 2U);
  EXPECT_TRUE(list().empty());
}

TEST_F(QueueNotices, TheSenderIsWarnedOnceOfMailThatIsLate) {
  judge_ = notices_get_through(defer_all);
  const QueueId id = submit(message({"a@x.example"}));
  world_.run_for(hours(4) - minutes(1));
  EXPECT_TRUE(notices().empty());
  world_.run_for(hours(5));
  EXPECT_EQ(notices(), std::vector{"delayed " + text(id) + ": a@x.example"});
  EXPECT_TRUE(list()[0].standings[0].warned);
  restart();
  world_.run_for(hours(24));
  EXPECT_EQ(notices().size(), 1U);
  judge_ = deliver_all;
  world_.run_for(hours(5));
  EXPECT_TRUE(list().empty());
  EXPECT_EQ(notices().size(), 1U);
}

TEST_F(QueueNotices, ABounceExpiresSoonerAndNobodyIsWarned) {
  judge_ = defer_all;
  Message made = message({"a@x.example"});
  made.envelope.sender = smtp::ReversePath();
  submit(std::move(made));
  world_.run_for(hours(23));
  EXPECT_EQ(list().size(), 1U);
  world_.run_for(hours(2));
  EXPECT_TRUE(list().empty());
  EXPECT_GT(attempts_.all.size(), 23U) << "and is tried every hour";
}

TEST_F(QueueNotices, ManyToOneAddressTakeTurns) {
  config_.notices_per_minute = 10;
  restart();
  judge_ = notices_get_through(refuse_all);
  for (int i = 0; i < 30; ++i) submit(message({"a@x.example"}));
  Message other = message({"a@x.example"});
  other.envelope.sender = smtp::ReversePath(address("eve@sender.example"));
  submit(std::move(other));
  world_.run_for(seconds(2));
  EXPECT_EQ(notices().size(), 11U) << "a minute's worth, and another sender's";
  const auto lines = list();
  ASSERT_EQ(lines.size(), 20U);
  EXPECT_TRUE(lines[0].standings[0].reply.contains("notices_per_minute"));
  restart();
  world_.run_for(seconds(62));
  EXPECT_NEAR(static_cast<double>(notices().size()), 21, 2);
  world_.run_for(minutes(3));
  EXPECT_EQ(notices().size(), 31U);
  EXPECT_TRUE(list().empty());
}

TEST_F(QueueNotices, AClockSetBackDoesNotStrandThoseThatWaitForTheirTurn) {
  config_.notices_per_minute = 10;
  restart();
  judge_ = notices_get_through(refuse_all);
  for (int i = 0; i < 20; ++i) submit(message({"a@x.example"}));
  world_.run_for(seconds(2));
  EXPECT_EQ(list().size(), 10U);
  world_.time().jump_wall(-hours(24 * 30));
  restart();
  world_.run_for(minutes(3));
  EXPECT_TRUE(list().empty());
}

TEST_F(QueueNotices, AClockSetForwardExpiresNothing) {
  config_.delay_warning = seconds(0);
  restart();
  judge_ = notices_get_through(defer_all);
  const QueueId id = submit(message({"a@x.example"}));
  world_.run_for(minutes(10));
  world_.time().jump_wall(hours(24 * 300));
  world_.run_for(hours(24 * 4));
  EXPECT_TRUE(notices().empty());
  submit(message({"b@y.example"}));  // After the jump: its own age counts.
  world_.run_for(hours(24 * 2));
  EXPECT_EQ(notices(), std::vector{"failed " + text(id) + ": a@x.example"});
  world_.run_for(hours(24 * 4));
  EXPECT_EQ(notices().size(), 2U);
}

/// Says so of what was written, `left` times.
io::Task<Result<>> seem_to_fail(int& left, storage::CommitPoint point) {
  if (point == storage::CommitPoint::after_apply && left-- > 0)
    co_return fail(Fault::unavailable, "storage: input/output error");
  co_return Result<>();
}

TEST_F(QueueNotices, AFailureThatSeemedNotToBeWrittenIsToldOnce) {
  judge_ = notices_get_through(refuse_all);
  int left = 3;
  const QueueId id = submit(message({"a@x.example"}));
  storage_.set_hook([&left](storage::CommitPoint point, std::uint64_t /*commit*/) {
    return seem_to_fail(left, point);
  });
  world_.run_for(minutes(5));
  storage_.set_hook({});
  EXPECT_EQ(notices(), std::vector{"failed " + text(id) + ": a@x.example"});
  EXPECT_TRUE(list().empty());
  EXPECT_EQ(storage_.blobs(), 0U);
}

TEST_F(QueueNotices, AWarningThatSeemedNotToBeWrittenIsGivenOnce) {
  judge_ = notices_get_through(defer_all);
  const QueueId id = submit(message({"a@x.example"}));
  world_.run_for(hours(4) - minutes(1));
  int left = 9;
  storage_.set_hook([&left](storage::CommitPoint point, std::uint64_t /*commit*/) {
    return seem_to_fail(left, point);
  });
  world_.run_for(hours(5));
  storage_.set_hook({});
  restart();
  world_.run_for(hours(5));
  EXPECT_EQ(notices(), std::vector{"delayed " + text(id) + ": a@x.example"});
}

TEST_F(QueueNotices, TheStoryIsKept) {
  int attempt = 0;
  judge_ = notices_get_through([&attempt](const Job& job, std::uint32_t recipient) {
    return ++attempt < 3 ? defer_all(job, recipient) : refuse_all(job, recipient);
  });
  const QueueId id = submit(message({"a@x.example"}));
  world_.run_for(minutes(10));
  const auto story = run(trace::find_story(storage_, id));
  ASSERT_TRUE(story && *story);
  std::vector<std::string> told;
  for (const trace::Event& event : (*story)->events)
    told.push_back(std::string(name(event.kind)) + " " + event.state + event.text);
  EXPECT_EQ(told, (std::vector<std::string>{"accepted ", "attempt deferred", "attempt deferred",
                                            "attempt failed", "notice failure"}));
  EXPECT_EQ((*story)->events.front().sender, "al@sender.example");
  EXPECT_TRUE((*story)->is_about("A@x.example"));
  const auto notice = run(trace::find_story(storage_, (*story)->events.back().related));
  ASSERT_TRUE(notice && *notice);
  EXPECT_EQ((*notice)->events.size(), 2U);
}

}  // namespace
}  // namespace veredus::queue
