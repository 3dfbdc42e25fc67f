// The client when the peer is cut off, falls silent, or our own storage fails.

#include "mail/deliver/client.h"
#include "mail/deliver/deliver_test_support.h"

namespace veredus::deliver {
namespace {

using std::chrono::seconds;

const route::NextHop kSmtp = route::SmtpHost{"203.0.113.1", 25};

class ClientFaults : public CourierTest {};

// Methodology: the same dialogue cut after each octet, in each direction.
TEST(ClientCuts, ACutAnywhereDefersUnlessThePeerHadAnswered) {
  class OneCut : public CourierTest {
   public:
    void TestBody() override {}
    std::string run_with(const sim::Plan& plan) {
      const auto endpoint = io::Endpoint::parse("203.0.113.1:25").value();
      world_.wires().plan(endpoint, plan);
      auto& made = hop("203.0.113.1:25",
                       {"hello\nC: MAIL *\nC: RCPT *\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\n"
                        "C: Subject: x\nC:\nC: hello\nC: .\nS: 250 taken\nC: QUIT\nS: 221 bye"});
      std::string text = attempt(kSmtp, job({"a@x.example"}, "Subject: x\r\n\r\nhello\r\n"));
      answered = made.problems.empty();
      return text;
    }
    bool answered = false;
  };
  constexpr std::size_t kAnswered =
      std::string_view(
          "220 mx##250-mx##250-PIPELINING##250-8BITMIME##250 SIZE 1000000##250 ok##"
          "250 ok##354 go##250 taken##")
          .size();
  for (std::uint64_t octet = 1; octet < 200; ++octet) {
    SCOPED_TRACE(octet);
    OneCut to_client;
    const std::string after_cut = to_client.run_with({.cut_to_client = octet});
    EXPECT_TRUE(after_cut.starts_with("0 deferred") || after_cut == "0 relayed 250 taken");
    EXPECT_EQ(after_cut == "0 relayed 250 taken", octet >= kAnswered) << after_cut;
    OneCut to_server;
    const std::string unsent = to_server.run_with({.cut_to_server = octet});
    EXPECT_TRUE(unsent.starts_with("0 deferred") || unsent == "0 relayed 250 taken");
  }
}

struct SilenceCase {
  const char* name;
  std::string_view script;  ///< Up to the step at which nothing more is said.
  seconds want;             ///< How long the client waits there, RFC 5321 §4.5.3.2.
};

class Silence : public CourierTest, public ::testing::WithParamInterface<SilenceCase> {};

TEST_P(Silence, EndsAtTheDeadline) {
  const SilenceCase& c = GetParam();
  hop("203.0.113.1:25", {std::string(c.script) + "wait 1800\n"});
  const SteadyTime begun = world_.time().now();
  const std::string text = attempt(kSmtp, job({"a@x.example"}, "x\r\n"));
  EXPECT_TRUE(text.starts_with("0 deferred")) << text;
  EXPECT_GE(world_.time().now() - begun, c.want);
  EXPECT_LT(world_.time().now() - begun, c.want + seconds(2));
}

std::string silence_name(const ::testing::TestParamInfo<SilenceCase>& test) {
  return test.param.name;
}

INSTANTIATE_TEST_SUITE_P(
    Rfc5321Section45323, Silence,
    ::testing::Values(
        SilenceCase{"greeting", "", seconds(300)},
        SilenceCase{"hello", "S: 220 mx\nC: EHLO *\n", seconds(300)},
        SilenceCase{"mail", "plain hello\nC: MAIL *\n", seconds(300)},
        SilenceCase{"recipient", "plain hello\nC: MAIL *\nS: 250 ok\nC: RCPT *\n", seconds(300)},
        SilenceCase{"data", "plain hello\nC: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\n",
                    seconds(120)},
        SilenceCase{"final",
                    "plain hello\nC: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\n"
                    "S: 354 go\nC: x\nC: .\n",
                    seconds(600)}),
    &silence_name);

struct DribbleCase {
  const char* name;
  std::string_view script;  ///< Up to the reply that never comes to its end.
  std::string_view morsel;  ///< What is said of it every 100 seconds.
  seconds want;             ///< The deadline of the whole reply, RFC 5321 §4.5.3.2.
};

class Dribble : public CourierTest, public ::testing::WithParamInterface<DribbleCase> {};

TEST_P(Dribble, GetsNoMoreTimeThanSilence) {
  const DribbleCase& c = GetParam();
  std::string script(c.script);
  for (int i = 0; i < 20; ++i) script += std::string(c.morsel) + "\nwait 100\n";
  hop("203.0.113.1:25", {script});
  const SteadyTime begun = world_.time().now();
  const std::string text = attempt(kSmtp, job({"a@x.example"}, "x\r\n"));
  EXPECT_TRUE(text.starts_with("0 deferred")) << text;
  EXPECT_GE(world_.time().now() - begun, c.want);
  EXPECT_LT(world_.time().now() - begun, c.want + seconds(2));
}

std::string dribble_name(const ::testing::TestParamInfo<DribbleCase>& test) {
  return test.param.name;
}

INSTANTIATE_TEST_SUITE_P(
    Rfc5321Section45323, Dribble,
    ::testing::Values(
        DribbleCase{"greeting_lines", "", "S: 220-mx", seconds(300)},
        DribbleCase{"greeting_octets", "", "part 2", seconds(300)},
        DribbleCase{"hello_lines", "S: 220 mx\nC: EHLO *\n", "S: 250-SIZE", seconds(300)},
        DribbleCase{"hello_octets_of_the_second_line", "S: 220 mx\nC: EHLO *\nS: 250-mx\n",
                    "part 2", seconds(300)},
        DribbleCase{"data_lines",
                    "plain hello\nC: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\n",
                    "S: 354-go", seconds(120)},
        DribbleCase{"final_lines",
                    "plain hello\nC: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\n"
                    "S: 354 go\nC: x\nC: .\n",
                    "S: 250-taken", seconds(600)}),
    &dribble_name);

TEST_F(ClientFaults, AGreetingThatIsTooLongDefers) {
  hop("203.0.113.1:25", {"S: 220 " + std::string(5000, 'x') + "\nclosed"});
  EXPECT_TRUE(attempt(kSmtp, job({"a@x.example"}, "x\r\n")).starts_with("0 deferred! "));
}

TEST_F(ClientFaults, AReplyToACommandThatIsTooLongDefers) {
  hop("203.0.113.1:25", {"plain hello\nC: MAIL *\nS: 250 " + std::string(5000, 'x') + "\nclosed"});
  EXPECT_TRUE(attempt(kSmtp, job({"a@x.example"}, "x\r\n")).starts_with("0 deferred "));
}

TEST_F(ClientFaults, APeerThatTakesNoMoreIsGivenUpAfterThreeMinutes) {
  const std::string script =
      "plain hello\nC: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\nwait 1800";
  hop("203.0.113.1:25", {script});
  const SteadyTime begun = world_.time().now();
  const std::string text = attempt(kSmtp, job({"a@x.example"}, std::string(500UL * 1000, 'x')));
  EXPECT_TRUE(text.starts_with("0 deferred")) << text;
  EXPECT_GE(world_.time().now() - begun, seconds(180));
  EXPECT_LT(world_.time().now() - begun, seconds(190));
}

TEST_F(ClientFaults, AHostThatDoesNotAnswerIsGivenUpAfterTheConnectDeadline) {
  world_.wires().plan(io::Endpoint::parse("203.0.113.1:25").value(),
                      {.open = sim::Plan::Open::hang});
  const SteadyTime begun = world_.time().now();
  const std::string text = attempt(kSmtp, job({"a@x.example"}, "x\r\n"));
  EXPECT_TRUE(text.starts_with("0 deferred! ")) << text;
  EXPECT_GE(world_.time().now() - begun, seconds(30));
  EXPECT_LT(world_.time().now() - begun, seconds(31));
}

TEST_F(ClientFaults, ABodyThatOurStorageCannotReadIsNeverEnded) {
  hop("203.0.113.1:25", {"plain hello\nC: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\n"
                         "S: 354 go\nclosed"});
  queue::Job lost = job({"a@x.example"}, "x\r\n");
  lost.chunks.clear();
  EXPECT_EQ(attempt(kSmtp, lost), "0 deferred 4.3.0 Storage: no such chunk");
}

constexpr std::string_view kUpToTheEnd =
    "plain hello\nC: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\nC: x\nC: .\n";

TEST_F(ClientFaults, AReplyAfterTheDeadlineComesTooLateAndTheMessageMayComeTwice) {
  hop("203.0.113.1:25", {std::string(kUpToTheEnd) + "wait 601\nS: 250 taken\nclosed"});
  EXPECT_EQ(attempt(kSmtp, job({"a@x.example"}, "x\r\n")),
            "0 deferred 4.4.2 No reply to the message within 600 s; it may have been delivered, so "
            "that the next attempt may deliver it a second time");
}

TEST_F(ClientFaults, AReplyAfterTheDeadlineIsNeverTakenForThatToTheNextCommand) {
  hop("203.0.113.1:25",
      {"plain hello\nC: MAIL *\nS: 250 ok\nC: RCPT *\nwait 301\nS: 250 ok\nclosed"});
  EXPECT_EQ(attempt(kSmtp, job({"a@x.example"}, "x\r\n")),
            "0 deferred 4.4.2 No reply to RCPT within 300 s");
}

TEST_F(ClientFaults, AnUnreadableReplyToTheMessageMayMeanThatItWasDelivered) {
  hop("203.0.113.1:25", {std::string(kUpToTheEnd) + "S: taken!\nclosed"});
  EXPECT_EQ(attempt(kSmtp, job({"a@x.example"}, "x\r\n")),
            "0 deferred 4.5.0 Bad reply to the message: the peer's reply is not SMTP: taken!; it "
            "may have been delivered, so that the next attempt may deliver it a second time");
}

TEST_F(ClientFaults, RepliesOctetByOctetAreReplies) {
  hop("203.0.113.1:25",
      {"drip 220 mx\nC: EHLO *\ndrip 250-mx\ndrip 250 8BITMIME\nC: MAIL *\ndrip 250 ok\n"
       "C: RCPT *\ndrip 250 ok\nC: DATA\ndrip 354 go\nC: x\nC: .\ndrip 250-2.0.0 well\n"
       "drip 250 2.0.0 taken\nC: QUIT\nS: 221 bye"});
  const auto outcomes = outcomes_of(kSmtp, job({"a@x.example"}, "x\r\n"));
  EXPECT_EQ(text_of(outcomes), "0 relayed 250 2.0.0 well taken");
  EXPECT_GT(outcomes.front().duration, seconds(60));
}

// Methodology: the same dialogue; after so many octets nothing arrives any more, and nobody is
// told.
TEST(ClientHalfOpen, APeerThatVanishesIsGivenUpWhereverItWas) {
  class OneStall : public CourierTest {
   public:
    void TestBody() override {}
    void TearDown() override {}  // No script comes to its end.
    std::string run_with(const sim::Plan& plan) {
      world_.wires().plan(io::Endpoint::parse("203.0.113.1:25").value(), plan);
      hop("203.0.113.1:25", {std::string(kUpToTheEnd) + "S: 250 taken\nC: QUIT\nS: 221 bye"});
      return attempt(kSmtp, job({"a@x.example"}, "x\r\n"));
    }
  };
  constexpr std::size_t kAnswered =
      std::string_view("220 mx##250 mx##250 ok##250 ok##354 go##250 taken##").size();
  for (std::uint64_t octet = 0; octet < 90; octet += 3) {
    SCOPED_TRACE(octet);
    OneStall to_client;
    const std::string unanswered = to_client.run_with({.stall_to_client = octet});
    EXPECT_EQ(unanswered.contains("relayed 250 taken"), octet >= kAnswered) << unanswered;
    EXPECT_EQ(unanswered.contains(" 4.4.2 No "), octet < kAnswered) << unanswered;
    OneStall to_server;
    const std::string unsent = to_server.run_with({.stall_to_server = octet});
    EXPECT_TRUE(unsent.contains(" 4.4.2 No ") || unsent == "0 relayed 250 taken") << unsent;
  }
}

}  // namespace
}  // namespace veredus::deliver
