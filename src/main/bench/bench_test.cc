// The source against the sink, and against servers that are worse, in virtual time.

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "io/connection.h"
#include "io/sim/world.h"
#include "io/temporary_folder.h"
#include "io/tls/server.h"
#include "main/bench/sink.h"
#include "main/bench/source.h"

namespace veredus::bench {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

/// No time passes on the wire and nothing is cut there, so that what is timed is what is tested.
sim::Faults calm() {
  sim::Faults faults;
  faults.network.latency_min = faults.network.latency_max = Duration::zero();
  faults.network.segments = false;
  return faults;
}

class BenchTest : public testing::Test {
 protected:
  void listen(SinkOrder order) {
    const io::System system = world_.system();
    order.listen = server_;
    sink_.emplace(order, Sink::Surroundings{system.reactors, system.network, system.clock},
                  [this] { ++expected_; });
    const auto at = sink_->listen();
    ASSERT_TRUE(at) << at.error().text();
  }

  Tally send(SourceOrder order,
             MailingOrder mailing = {
                 .sender = "a@client.example", .recipient = "b@far.example", .octets = 500}) {
    const io::System system = world_.outside().system();
    order.server = server_;
    order.manner.helo = "client.example";
    const Mailing& what = mailings_.emplace_back(std::move(mailing), system.clock.wall());
    bool finished = false;
    Source& source = sources_.emplace_back(
        std::move(order), what, Source::Surroundings{system.reactors, system.network, system.clock},
        [&] { finished = true; });
    source.start();
    EXPECT_TRUE(world_.run_until([&] { return finished; }));
    world_.run_for(std::chrono::seconds(20));
    EXPECT_THAT(world_.failures(), SizeIs(0));
    return source.tally();
  }

  std::shared_ptr<const io::TlsServer> tls_server() {
    const io::TlsCertificate files{folder_.path() + "/cert.pem", folder_.path() + "/key.pem"};
    EXPECT_TRUE(io::make_self_signed({"sink.example"}, files));
    return io::TlsServer::load({.certificates = {files}}).value();
  }
  static double milliseconds_of(std::chrono::duration<double, std::milli> time) {
    return time.count();
  }

  io::TemporaryFolder folder_;
  sim::World world_{1, calm()};
  io::Endpoint server_{world_.server().address(), 25};
  std::optional<Sink> sink_;
  int expected_ = 0;
  std::deque<Mailing> mailings_;
  std::deque<Source> sources_;
};

SourceOrder messages(std::uint64_t count, std::uint64_t sessions) {
  return {.server = *io::Endpoint::parse("192.0.2.1:25"), .messages = count, .sessions = sessions};
}
SinkOrder any_sink() { return {.listen = *io::Endpoint::parse("192.0.2.1:25")}; }

TEST_F(BenchTest, EveryMessageIsCountedOnBothSides) {
  SinkOrder sink = any_sink();
  sink.expect = 50;
  listen(sink);
  const Tally tally = send(messages(50, 4));
  EXPECT_EQ(tally.accepted, 50U);
  EXPECT_EQ(tally.refused + tally.failed, 0U);
  EXPECT_EQ(tally.connections, 4U);
  EXPECT_EQ(tally.latency.count(), 50U);
  EXPECT_THAT(tally.reasons, SizeIs(0));
  EXPECT_EQ(sink_->counts(), (Sink::Counts{.messages = 50, .connections = 4, .open = 0}));
  EXPECT_EQ(expected_, 1);
}

TEST_F(BenchTest, UsesNoMoreSessionsThanMessages) {
  listen(any_sink());
  EXPECT_EQ(send(messages(3, 10)).connections, 3U);
}

TEST_F(BenchTest, ReconnectsForEachMessage) {
  listen(any_sink());
  SourceOrder order = messages(20, 4);
  order.reconnect = true;
  const Tally tally = send(order);
  EXPECT_EQ(tally.accepted, 20U);
  EXPECT_EQ(tally.connections, 20U);
  EXPECT_EQ(sink_->counts(), (Sink::Counts{.messages = 20, .connections = 20, .open = 0}));
}

TEST_F(BenchTest, ASimulatedRoundTripIsWaitedForTwiceAMessage) {
  SinkOrder sink = any_sink();
  sink.latency = milliseconds(50);
  listen(sink);
  const Tally tally = send(messages(20, 2));
  EXPECT_NEAR(tally.took.count(), 1.0, 0.001);
  EXPECT_NEAR(milliseconds_of(tally.latency.mean()), 100, 0.1);
  EXPECT_NEAR(milliseconds_of(tally.latency.longest()), 100, 0.1);
}

TEST_F(BenchTest, AndFourTimesWithoutPipelining) {
  SinkOrder sink = any_sink();
  sink.latency = milliseconds(50);
  listen(sink);
  SourceOrder order = messages(10, 1);
  order.manner.pipelining = false;
  const Tally tally = send(order);
  EXPECT_EQ(tally.accepted, 10U);
  EXPECT_NEAR(milliseconds_of(tally.latency.mean()), 200, 0.1);
}

TEST_F(BenchTest, SendsAtTheRateAskedForWhenTheServerKeepsUp) {
  SinkOrder sink = any_sink();
  sink.latency = milliseconds(5);
  listen(sink);
  SourceOrder order = messages(101, 4);
  order.rate = 100;
  const Tally tally = send(order);
  EXPECT_NEAR(tally.took.count(), 1.010, 0.001);
  EXPECT_NEAR(milliseconds_of(tally.latency.longest()), 10, 0.1);
}

TEST_F(BenchTest, WhatWaitsBehindASlowServerIsLateFromWhenItWasDue) {
  SinkOrder sink = any_sink();
  sink.latency = milliseconds(5);
  listen(sink);
  SourceOrder order = messages(100, 2);  // 2 sessions do 200 a second.
  order.rate = 400;
  const Tally tally = send(order);
  EXPECT_NEAR(tally.took.count(), 0.5025, 0.0001);
  // The last was due after 99 / 400 s.
  EXPECT_NEAR(milliseconds_of(tally.latency.longest()), 502.5 - 247.5, 0.1);
  EXPECT_NEAR(milliseconds_of(tally.latency.mean()), 132.5, 1);
}

TEST_F(BenchTest, ConnectingCountsWhereAMessageIsDue) {
  SinkOrder sink = any_sink();
  sink.latency = milliseconds(5);
  listen(sink);
  SourceOrder order = messages(10, 2);
  order.rate = 10;
  order.reconnect = true;
  // EHLO, the commands, the text; QUIT comes after.
  EXPECT_NEAR(milliseconds_of(send(order).latency.mean()), 15, 0.1);
}

TEST_F(BenchTest, ConnectionsThatAreKeptAreOpenBeforeAnythingIsDue) {
  SinkOrder sink = any_sink();
  sink.latency = milliseconds(200);
  listen(sink);
  SourceOrder order = messages(8, 8);
  order.rate = 1000;
  EXPECT_NEAR(milliseconds_of(send(order).latency.longest()), 400, 0.1);
}

TEST_F(BenchTest, FailedMessagesAreRefusedAndTheSessionGoesOn) {
  SinkOrder sink = any_sink();
  sink.fail_share = 0.25;
  listen(sink);
  const Tally tally = send(messages(1000, 4));
  EXPECT_NEAR(static_cast<double>(tally.refused), 250, 40);
  EXPECT_EQ(tally.accepted + tally.refused, 1000U);
  EXPECT_EQ(tally.failed, 0U);
  EXPECT_EQ(tally.connections, 4U);
  EXPECT_EQ(tally.latency.count(), tally.accepted);
  EXPECT_EQ(sink_->counts().messages, tally.accepted);
  EXPECT_THAT(tally.reasons, ElementsAre(StartsWith("451 4.3.0")));
}

class RefusedRecipients : public BenchTest, public testing::WithParamInterface<bool> {};

TEST_P(RefusedRecipients, AreRefusedMessagesAndTheSessionGoesOn) {
  SinkOrder sink = any_sink();
  sink.refuse_share = 0.25;
  listen(sink);
  SourceOrder order = messages(1000, 4);
  order.manner.pipelining = GetParam();
  const Tally tally = send(order);
  EXPECT_NEAR(static_cast<double>(tally.refused), 250, 40);
  EXPECT_EQ(tally.accepted + tally.refused, 1000U);
  EXPECT_EQ(tally.connections, 4U);
  EXPECT_EQ(sink_->counts().messages, tally.accepted);
  EXPECT_THAT(tally.reasons, ElementsAre(StartsWith("550 5.1.1")));
}

INSTANTIATE_TEST_SUITE_P(Pipelining, RefusedRecipients, testing::Bool());

TEST_F(BenchTest, ACutConnectionFailsItsMessageAlone) {
  listen(any_sink());
  world_.wires().plan(server_, {.cut_to_server = 1500});
  const Tally tally = send(messages(20, 1));
  EXPECT_EQ(tally.failed, 1U);
  EXPECT_EQ(tally.accepted, 19U);
  EXPECT_EQ(tally.connections, 2U);
  EXPECT_THAT(tally.reasons, SizeIs(1));
}

TEST_F(BenchTest, GivesUpWhereNobodyListens) {
  const Tally tally = send(messages(1'000'000, 4));
  EXPECT_EQ(tally.failed, 1'000'000U);
  EXPECT_EQ(tally.accepted + tally.connections, 0U);
  EXPECT_THAT(tally.reasons, SizeIs(1));
}

TEST_F(BenchTest, TheSinkTakesWhatComesInPieces) {
  sim::NetworkFaults pieces;
  pieces.segments = true;
  world_.wires().set_faults(pieces);
  listen(any_sink());
  MailingOrder large{.sender = "a@client.example", .recipient = "b@far.example", .octets = 200'000};
  EXPECT_EQ(send(messages(50, 3), large).accepted, 50U);
  EXPECT_EQ(sink_->counts().messages, 50U);
}

TEST_F(BenchTest, TheSinkCutsALineWithoutEnd) {
  listen(any_sink());
  MailingOrder odd{.sender = std::string(40'000, 'x'), .recipient = "b@far.example"};
  const Tally tally = send(messages(1, 1), odd);
  EXPECT_EQ(tally.failed, 1U);
  EXPECT_EQ(sink_->counts().open, 0U);
}

TEST_F(BenchTest, SpeaksTls) {
  SinkOrder sink = any_sink();
  sink.tls = tls_server();
  sink.latency = milliseconds(50);
  listen(sink);
  SourceOrder order = messages(20, 2);
  order.manner.tls = io::TlsClient::load({}).value();
  const Tally tally = send(order);
  EXPECT_EQ(tally.accepted, 20U);
  EXPECT_NEAR(milliseconds_of(tally.latency.mean()), 100, 0.1);  // Pipelined under TLS too.
  EXPECT_EQ(sink_->counts(), (Sink::Counts{.messages = 20, .connections = 2, .open = 0}));
}

TEST_F(BenchTest, DoesNotSendInTheClearWhatIsToBeUnderTls) {
  listen(any_sink());
  SourceOrder order = messages(2, 1);
  order.manner.tls = io::TlsClient::load({}).value();
  const Tally tally = send(order);
  EXPECT_EQ(tally.failed, 2U);
  EXPECT_EQ(sink_->counts().messages, 0U);
  EXPECT_THAT(tally.reasons, ElementsAre(HasSubstr("STARTTLS is not offered here")));
}

/// Answers each group of commands and each text with the next of some texts, and keeps what came.
struct Script {
  std::deque<std::string> answers;
  std::vector<std::string> heard;
  std::shared_ptr<const io::TlsServer> tls = nullptr;  ///< From the start.
};

io::Task<> serve(sim::Host& host, io::Endpoint at, Script& script) {
  auto listener = host.system().network.listen(at);
  auto stream = co_await (*listener)->accept();
  if (script.tls) {
    const auto covered = co_await script.tls->accept(*stream, std::chrono::minutes(1));
    EXPECT_TRUE(covered);
  }
  io::Connection connection(std::move(*stream));
  connection.put("220 mx\r\n");
  for (;;) {
    const Result<> come = co_await connection.read_more(std::chrono::minutes(5));
    if (!come) co_return;
    const std::string_view input = connection.input();
    if (input.starts_with("Message-ID") && !input.ends_with("\r\n.\r\n")) continue;
    script.heard.emplace_back(connection.input());
    connection.consume(connection.input().size());
    if (script.answers.empty()) co_return;
    connection.put(script.answers.front());
    script.answers.pop_front();
  }
}

class ScriptedTest : public BenchTest {
 protected:
  void SetUp() override {
    world_.spawn("mx", serve(world_.server(), server_, script_));
    world_.run_for(milliseconds(1));
  }
  Script script_;
};

TEST_F(ScriptedTest, EnvelopesAreOnePacketAndEveryMessageItsOwn) {
  script_.answers = {"250-mx\r\n250 PIPELINING\r\n",
                     "250 1\r\n250 2\r\n354 3\r\n",
                     "250 ok\r\n",
                     "250 1\r\n250 2\r\n354 3\r\n",
                     "250 ok\r\n",
                     "221 bye\r\n"};
  const Tally tally = send(
      messages(2, 1),
      {.sender = "a@client.example", .recipient = "b@far.example", .domains = 2, .octets = 10});
  EXPECT_EQ(tally.accepted, 2U);
  const std::string mail = "MAIL FROM:<a@client.example>\r\nRCPT TO:<b@d";
  EXPECT_THAT(
      script_.heard,
      ElementsAre("EHLO client.example\r\n", mail + "0.far.example>\r\nDATA\r\n",
                  HasSubstr(".000000000000@far.example>"), mail + "1.far.example>\r\nDATA\r\n",
                  HasSubstr(".000000000001@far.example>"), "QUIT\r\n"));
  EXPECT_THAT(script_.heard.at(2), testing::EndsWith("\r\n\r\nXXXXXXXX\r\n.\r\n"));
}

TEST_F(ScriptedTest, Authenticates) {
  script_.answers = {"250-mx\r\n250 AUTH PLAIN\r\n",
                     "235 in\r\n",
                     "250 1\r\n",
                     "250 2\r\n",
                     "354 3\r\n",
                     "250 ok\r\n",
                     "221 bye\r\n"};
  SourceOrder order = messages(1, 1);
  order.manner.auth = auth_plain("you@example.test", Secret("secret"));
  EXPECT_EQ(send(order).accepted, 1U);
  EXPECT_EQ(script_.heard.at(1),
            "AUTH PLAIN " + to_base64(std::string("\0you@example.test\0secret", 24)) + "\r\n");
}

TEST_F(ScriptedTest, SpeaksTlsFromTheStart) {
  script_.tls = tls_server();
  script_.answers = {"250 mx\r\n", "250 1\r\n",  "250 2\r\n",
                     "354 3\r\n",  "250 ok\r\n", "221 bye\r\n"};
  SourceOrder order = messages(1, 1);
  order.manner.tls = io::TlsClient::load({}).value();
  order.manner.tls_from_the_start = true;
  EXPECT_EQ(send(order).accepted, 1U);
  EXPECT_EQ(script_.heard.front(), "EHLO client.example\r\n");
}

TEST_F(ScriptedTest, WithoutItsAccountSendsNothing) {
  script_.answers = {"250 mx\r\n", "535 5.7.8 no\r\n"};
  SourceOrder order = messages(1, 1);
  order.manner.auth = auth_plain("you@example.test", Secret("wrong"));
  const Tally tally = send(order);
  EXPECT_EQ(tally.failed, 1U);
  EXPECT_THAT(tally.reasons, testing::Contains("535 5.7.8 no"));
}

TEST_F(ScriptedTest, AServerThatWantsAMessageForNobodyGetsAnEmptyOne) {
  script_.answers = {"250-mx\r\n250 PIPELINING\r\n", "250 1\r\n550 no\r\n354 3\r\n",
                     "554 nobody\r\n", "250 reset\r\n", "221 bye\r\n"};
  const Tally tally = send(messages(1, 1));
  EXPECT_EQ(tally.refused, 1U);
  EXPECT_THAT(tally.reasons, ElementsAre("550 no"));
  EXPECT_EQ(script_.heard.at(2), ".\r\n");
  EXPECT_EQ(script_.heard.at(3), "RSET\r\n");
}

TEST_F(ScriptedTest, WhatIsNoReplyFailsTheMessage) {
  script_.answers = {"250-mx\r\n250 PIPELINING\r\n", "250 1\r\n250-2\r\n550 3\r\n"};
  const Tally tally = send(messages(1, 1));
  EXPECT_EQ(tally.failed, 1U);
  EXPECT_THAT(tally.reasons, ElementsAre(HasSubstr("no reply")));
}

TEST_F(ScriptedTest, ASilentServerFailsTheMessageInTime) {
  script_.answers = {"250 mx\r\n", ""};
  SourceOrder order = messages(1, 1);
  order.manner.deadline = std::chrono::seconds(7);
  const Tally tally = send(order);
  EXPECT_EQ(tally.failed, 1U);
  EXPECT_NEAR(tally.took.count(), 7, 0.1);
}

}  // namespace
}  // namespace veredus::bench
