#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/connection.h"
#include "io/sim/world.h"
#include "main/send/message.h"
#include "main/send/run.h"

namespace veredus::send {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::chrono::minutes kPatience{5};

/// A server that answers command by command as told, and keeps what it heard.
struct Script {
  std::string hello = "250-mx\r\n250 8BITMIME\r\n";
  std::string mail = "250 ok\r\n";
  std::deque<std::string> recipients;  ///< Then 250.
  std::string data = "354 go on\r\n";
  std::string message = "250 queued\r\n";
  std::vector<std::string> heard;
  std::vector<std::string> messages;
  int connections = 0;

  std::string reply_to(const std::string& line) {
    if (line.starts_with("EHLO")) return hello;
    if (line.starts_with("MAIL")) return mail;
    if (line == "DATA") return data;
    if (!line.starts_with("RCPT") || recipients.empty()) return "250 ok\r\n";
    std::string reply = recipients.front();
    recipients.pop_front();
    return reply;
  }
};

io::Task<> serve(std::unique_ptr<io::Stream> stream, Script& script) {
  io::Connection connection(std::move(stream));
  ++script.connections;
  connection.put("220 mx ready\r\n");
  for (bool in_message = false;;) {
    const auto line = co_await connection.read_line(1000, kPatience);
    if (!line) co_return;
    if (in_message) {
      in_message = *line != ".";
      if (in_message) script.messages.back() += *line + "\r\n";
      if (!in_message) connection.put(script.message);
      continue;
    }
    script.heard.push_back(*line);
    const std::string reply = script.reply_to(*line);
    connection.put(reply);
    in_message = *line == "DATA" && reply.starts_with("354");
    if (in_message) script.messages.emplace_back();
  }
}

io::Task<> listen(sim::Host& host, io::Endpoint at, Script& script) {
  auto listener = host.system().network.listen(at);
  for (;;) {
    auto stream = co_await (*listener)->accept();
    if (!stream) co_return;
    host.spawn("mx", serve(std::move(*stream), script));
  }
}

class SendTest : public testing::Test {
 protected:
  SendTest() : server_(*io::Endpoint::parse("192.0.2.1:25")) {
    world_.server().spawn("listen", listen(world_.server(), server_, script_));
    order_.server = server_;
    order_.envelope = {"me@client.example", {"you@example.test"}};
    order_.options.helo = "client.example";
    order_.message = [](std::uint64_t number) {
      return "Number: " + std::to_string(number) + "\n\nHi\n.\n";
    };
  }

  const Tally& run() {
    const io::System& system = world_.outside().system();
    bool finished = false;
    run_.emplace(
        order_, Run::Surroundings{*system.reactors.front(), system.network, system.clock},
        [this] { ++progress_; }, [&] { finished = true; });
    run_->start();
    EXPECT_TRUE(world_.run_until([&] { return finished; }));
    world_.run_for(std::chrono::seconds(20));
    return run_->tally();
  }

  Script script_;
  sim::World world_{1};
  io::Endpoint server_;
  Order order_{
      .server = *io::Endpoint::parse("192.0.2.1:25"), .envelope = {}, .options = {}, .message = {}};
  std::optional<send::Run> run_;
  int progress_ = 0;
};

TEST_F(SendTest, SendsOneMessageStepByStep) {
  const Tally& tally = run();
  EXPECT_EQ(tally.accepted, 1U);
  EXPECT_EQ(tally.last_reply, "250 queued");
  EXPECT_THAT(script_.heard, ElementsAre("EHLO client.example", "MAIL FROM:<me@client.example>",
                                         "RCPT TO:<you@example.test>", "DATA", "QUIT"));
  // Bare newlines became CRLF, the dot was doubled.
  EXPECT_THAT(script_.messages, ElementsAre("Number: 0\r\n\r\nHi\r\n..\r\n"));
}

TEST_F(SendTest, PipelinesWhereTheServerCan) {
  script_.hello = "250-mx\r\n250 PIPELINING\r\n";
  order_.envelope.recipients = {"a@example.test", "b@example.test"};
  script_.recipients = {"550 5.1.1 no such user\r\n"};
  const Tally& tally = run();
  EXPECT_EQ(tally.accepted, 1U);
  EXPECT_THAT(tally.refusals, ElementsAre("<a@example.test>: 550 5.1.1 no such user"));
}

TEST_F(SendTest, PipelinedToNobodySendsAnEmptyMessageAndIsRefused) {
  script_.hello = "250-mx\r\n250 PIPELINING\r\n";
  script_.recipients = {"550 5.1.1 no such user\r\n"};
  const Tally& tally = run();
  EXPECT_EQ(tally.refused, 1U);
  EXPECT_THAT(script_.messages, ElementsAre(""));
}

TEST_F(SendTest, AnnouncesEightBitOnlyWhereItIs) {
  order_.message = [](std::uint64_t) { return "Subject: \xC3\xA4\r\n\r\n"; };
  run();
  EXPECT_THAT(script_.heard.at(1), HasSubstr(" BODY=8BITMIME"));
}

struct RefusalCase {
  const char* name;
  std::string Script::* step;
  const char* reply;
};
class Refusals : public SendTest, public testing::WithParamInterface<RefusalCase> {};

TEST_P(Refusals, AreCountedAndTold) {
  script_.*GetParam().step = GetParam().reply;
  const Tally& tally = run();
  EXPECT_EQ(tally.accepted, 0U);
  EXPECT_EQ(tally.refused, 1U);
  EXPECT_EQ(script_.heard.back(), "QUIT");
  ASSERT_EQ(tally.refusals.size(), 1U);
  EXPECT_EQ(tally.refusals[0] + "\r\n", GetParam().reply);
}

INSTANTIATE_TEST_SUITE_P(
    Steps, Refusals,
    testing::Values(RefusalCase{"Mail", &Script::mail, "550 5.7.1 go away\r\n"},
                    RefusalCase{"Data", &Script::data, "451 4.3.0 later\r\n"},
                    RefusalCase{"Message", &Script::message, "554 5.6.0 bad\r\n"}),
    [](const auto& param) { return param.param.name; });

TEST_F(SendTest, RepeatsOverParallelConnections) {
  order_.repeat = 50;
  order_.parallel = 4;
  const Tally& tally = run();
  EXPECT_EQ(tally.accepted, 50U);
  EXPECT_EQ(tally.times.size(), 50U);
  EXPECT_EQ(progress_, 50);
  EXPECT_EQ(script_.connections, 4);
  EXPECT_EQ(script_.messages.size(), 50U);
}

TEST_F(SendTest, TellsThatNobodyListens) {
  order_.server = *io::Endpoint::parse("192.0.2.1:26");
  order_.repeat = 50;
  const Tally& tally = run();
  EXPECT_EQ(tally.accepted, 0U);
  EXPECT_EQ(tally.broken, 1U);
  ASSERT_EQ(tally.refusals.size(), 1U);
}

TEST_F(SendTest, FallsBackToHelo) {
  script_.hello = "502 what?\r\n";
  EXPECT_EQ(run().accepted, 1U);
  EXPECT_EQ(script_.heard.at(1), "HELO client.example");
}

TEST(Letter, IsAsLongAsAskedAndHasNoLongLines) {
  const std::string text =
      write_letter({"me@a.example", {"b@c.example", "d@e.example"}, "Hello", "a.example", 7, 5000},
                   3, WallTime(std::chrono::seconds(1'700'000'000)));
  EXPECT_GE(text.size(), 5000U);
  EXPECT_LT(text.size(), 5200U);
  EXPECT_THAT(text, HasSubstr("To: <b@c.example>,\r\n <d@e.example>\r\n"));
  EXPECT_THAT(text, HasSubstr("Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"));
  EXPECT_THAT(text, HasSubstr("number 4."));
  EXPECT_TRUE(text.ends_with("\r\n"));
}

}  // namespace
}  // namespace veredus::send
