// What a dialog cannot see: how many writes the replies take.

#include "mail/accept/session.h"

#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "io/sim/world.h"
#include "storage/memory/memory_storage.h"

namespace veredus::accept {
namespace {

/// What the session wrote, one element a write.
using Writes = std::vector<std::string>;

/// A client whose packets arrive when the session has to wait for them, one at a time.
class PacketStream final : public io::Stream {
 public:
  PacketStream(std::vector<std::string> packets, Writes& writes)
      : packets_(std::move(packets)), writes_(writes) {}

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
  void cancel_read() noexcept override {}
  io::Task<> shutdown() override { co_return; }
  void close() noexcept override {}
  const io::Endpoint& peer() const noexcept override { return peer_; }
  const io::Endpoint& local() const noexcept override { return peer_; }

 private:
  std::vector<std::string> packets_;
  Writes& writes_;
  std::size_t next_ = 0;
  io::Endpoint peer_ = *io::Endpoint::parse("127.0.0.1:4000");
};

class SessionTest : public testing::Test {
 protected:
  SessionTest() : queue_(queue::QueueConfig(), system_, storage_) {
    queue_.connect(
        {.destination_of = [](const queue::Recipient&) { return std::string("nowhere"); },
         .start_worker = [](const std::string&) {},
         .compose_notice = {}});
    route::RouteConfig route;
    route.hostname = "mx.example.test";
    route.domains.emplace_back().name = "example.test";
    route.domains.front().mailboxes = {"you"};
    AcceptConfig accept;
    accept.hostname = "mx.example.test";
    settings_ = std::make_shared<const Settings>(
        accept, std::make_shared<const route::Router>(std::move(*route::Router::make(route))),
        policy::RelayRule(policy::RelayConfig{{*IpNetwork::parse("127.0.0.0/8")}}));
  }

  ~SessionTest() override { world_.crash(); }

  static io::Task<> serve(SessionTest& test, std::unique_ptr<io::Stream> stream, bool& done) {
    const Result<> begun = co_await test.queue_.start();
    EXPECT_TRUE(begun);
    Session session(test.surroundings_, test.settings_,
                    {.id = SessionId{1},
                     .port = {},
                     .stream = std::move(stream),
                     .reactor = *test.system_.reactors.front()});
    co_await session.run();
    done = true;
  }

  Writes run(std::vector<std::string> packets) {
    Writes writes;
    bool done = false;
    world_.spawn("session",
                 serve(*this, std::make_unique<PacketStream>(std::move(packets), writes), done));
    EXPECT_TRUE(world_.run_until([&] { return done; }));
    return writes;
  }

  sim::World world_{1};
  io::System system_ = world_.system();
  storage::MemoryStorage storage_{system_.clock};
  queue::Queue queue_;
  Surroundings surroundings_{system_, queue_};
  SharedSettings settings_;
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
