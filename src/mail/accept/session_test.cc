// What a dialog cannot see: how many writes the replies take.

#include "mail/accept/session.h"

#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "mail/accept/session_test_support.h"

namespace veredus::accept {
namespace {

/// What the session wrote, one element a write.
using Writes = std::vector<std::string>;

/// A client whose packets arrive when the session has to wait for them, one at a time.
class PacketStream final : public io::SocketlessStream {
 public:
  PacketStream(std::vector<std::string> packets, Writes& writes)
      : SocketlessStream("127.0.0.1:4000"), packets_(std::move(packets)), writes_(writes) {}

  io::Task<Result<>> wait_readable(Duration deadline) override {
    if (deadline == Duration::zero()) co_return fail(Fault::cancelled, "nothing yet");
    co_return Result<>();
  }
  io::Task<Result<std::size_t>> read_some(std::span<char> into, Duration /*deadline*/) override {
    if (next_ == packets_.size()) co_return std::size_t{0};
    const std::string& packet = packets_[next_++];
    std::ranges::copy(packet, into.begin());
    co_return packet.size();
  }
  io::Task<Result<>> write_all(std::vector<std::string_view> pieces,
                               Duration /*deadline*/) override {
    std::string& write = writes_.emplace_back();
    for (const std::string_view piece : pieces) write += piece;
    co_return Result<>();
  }

 private:
  std::vector<std::string> packets_;
  Writes& writes_;
  std::size_t next_ = 0;
};

route::RouteConfig one_mailbox() {
  route::RouteConfig route;
  route.domains.emplace_back().name = "example.test";
  route.domains.front().mailboxes = {"you"};
  return route;
}

class SessionTest : public OneSessionTest {
 protected:
  SessionTest() : OneSessionTest(one_mailbox(), {}) {}

  Writes run(std::vector<std::string> packets) {
    Writes writes;
    serve(std::make_unique<PacketStream>(std::move(packets), writes));
    return writes;
  }
};

/// RFC 2920 §3.2: the replies to a pipelined group go out together.
TEST_F(SessionTest, GroupIsAnsweredInOneWrite) {
  const Writes writes = run({"EHLO client.example\r\n",
                             "MAIL FROM:<me@remote.example>\r\nRCPT TO:<you@example.test>\r\n"
                             "RCPT TO:<nobody@example.test>\r\nDATA\r\n",
                             "Subject: text\r\n.\r\nQUIT\r\n"});
  ASSERT_EQ(writes.size(), 4U);
  EXPECT_TRUE(writes[0].starts_with("220 "));
  EXPECT_TRUE(writes[1].ends_with("250 HELP\r\n"));
  EXPECT_TRUE(writes[2].starts_with("250 2.1.0 ") && writes[2].contains("\r\n354 "));
  EXPECT_TRUE(writes[3].starts_with("250 2.0.0 Queued") && writes[3].contains("\r\n221 "));
}

/// However a group is cut into packets, no reply waits for a command that has not begun.
TEST_F(SessionTest, ReplyIsSentBeforeWaitingForMore) {
  const Writes writes = run({"EHLO client.example\r\nNO", "OP\r\nRS", "ET\r\n"});
  ASSERT_EQ(writes.size(), 4U);
  EXPECT_TRUE(writes[1].ends_with("250 HELP\r\n"));
  EXPECT_EQ(writes[2], "250 2.0.0 Here\r\n");
  EXPECT_EQ(writes[3], "250 2.0.0 Forgotten\r\n");
}

/// What is wrong with the disk is told once in the log, and not at all to the client.
TEST_F(SessionTest, AFullDiskIsOneLineInTheLog) {
  for (std::uint64_t nth = 0; nth < 5; ++nth) storage_.fail_commit(nth, Fault::overloaded);
  testing::internal::CaptureStderr();
  const Writes writes =
      run({"EHLO client.example\r\n",
           "MAIL FROM:<me@remote.example>\r\nRCPT TO:<you@example.test>\r\nDATA\r\n",
           "Subject: text\r\n.\r\n", "QUIT\r\n"});
  const std::string logged = testing::internal::GetCapturedStderr();
  ASSERT_EQ(writes.size(), 5U);
  EXPECT_EQ(writes[3], "452 4.3.1 Insufficient system storage\r\n");
  constexpr std::string_view kEvent = "event=message_not_queued";
  const std::size_t first = logged.find(kEvent);
  ASSERT_NE(first, std::string::npos) << logged;
  EXPECT_EQ(logged.find(kEvent, first + 1), std::string::npos) << logged;
}

}  // namespace
}  // namespace veredus::accept
