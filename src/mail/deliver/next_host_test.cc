// From host to host: what makes the next one's turn come, and what is left when none is left.

#include <gmock/gmock.h>

#include "mail/deliver/deliver_test_support.h"
#include "mail/deliver/host_courier.h"

namespace veredus::deliver {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::EndsWith;
using testing::StartsWith;

constexpr std::string_view kRefused = "4.4.1 Cannot connect: connection refused";
constexpr std::string_view kFirst = "a.x.example [203.0.113.1:25]";

/// A network on which one address cannot be reached at all.
class BrokenRoute : public io::Network {
 public:
  BrokenRoute(io::Network& network, IpAddress address) : network_(network), address_(address) {}

  Result<std::unique_ptr<io::Listener>> listen(const io::Endpoint& endpoint) override {
    return network_.listen(endpoint);
  }
  io::Task<Result<std::unique_ptr<io::Stream>>> connect(io::Endpoint endpoint,
                                                        io::ConnectOptions options) override {
    if (endpoint.address() == address_)
      co_return fail(Fault::unavailable,
                     "cannot connect to " + endpoint.text() + ": No route to host");
    auto stream = co_await network_.connect(endpoint, options);
    co_return stream;
  }

 private:
  io::Network& network_;
  IpAddress address_;
};

struct FaultCase {
  const char* name;
  std::string_view script;  ///< Of the first host; empty: nobody listens there.
  std::string_view why;     ///< What the outcome tells of it.
};

class FaultOfTheFirst : public HostsTest, public ::testing::WithParamInterface<FaultCase> {};

TEST_P(FaultOfTheFirst, IsMadeGoodByTheSecondInTheSameAttempt) {
  const FaultCase& c = GetParam();
  if (!c.script.empty()) first({std::string(c.script)});
  second({take_and_quit()});
  const auto outcomes = outcomes_of(kDomain, letter());
  EXPECT_EQ(text_of(outcomes), "0 relayed 250 taken");
  EXPECT_EQ(outcomes.front().remote, "b.x.example [203.0.113.2:25]");
  EXPECT_EQ(outcomes.front().passed_over, std::string(kFirst) + ": " + std::string(c.why));
}

std::string fault_name(const ::testing::TestParamInfo<FaultCase>& test) { return test.param.name; }

INSTANTIATE_TEST_SUITE_P(
    Rfc5321Section51, FaultOfTheFirst,
    ::testing::Values(
        FaultCase{"refused", "", kRefused},
        FaultCase{"closed_before_the_greeting", "wait 1",
                  "4.4.2 The connection broke before the greeting: the peer closed the connection"},
        FaultCase{"silent", "wait 301", "4.4.2 No greeting within 300 s"},
        FaultCase{"no_smtp", "S: SSH-2.0-x\nclosed",
                  "4.5.0 Bad greeting: the peer's reply is not SMTP: SSH-2.0-x"},
        FaultCase{"greeting_421", "S: 421 busy\nclosed", "421 busy"},
        FaultCase{"greeting_4yz", "S: 450 busy\nC: QUIT\nS: 221 bye", "450 busy"},
        FaultCase{"greeting_554", "S: 554 no\nC: QUIT\nS: 221 bye", "554 no"},
        FaultCase{"greeting_521", "S: 521 no mail\nC: QUIT", "521 no mail"},
        FaultCase{"ehlo_421", "S: 220 mx\nC: EHLO *\nS: 421 gone\nclosed", "421 gone"},
        FaultCase{"ehlo_and_helo_550",
                  "S: 220 mx\nC: EHLO *\nS: 550 you\nC: HELO *\nS: 550 not you\nC: QUIT\nS: 221 b",
                  "550 not you"},
        FaultCase{"ehlo_cut", "S: 220 mx\nC: EHLO *\nwait 1",
                  "4.4.2 The connection broke before the reply to EHLO: the peer closed the "
                  "connection"},
        FaultCase{"mail_cut", "plain hello\nC: MAIL *\nwait 1",
                  "4.4.2 The connection broke before the reply to MAIL: the peer closed the "
                  "connection"},
        FaultCase{"mail_421", "plain hello\nC: MAIL *\nS: 421 gone\nclosed", "421 gone"},
        FaultCase{"rcpt_cut", "plain hello\nC: MAIL *\nS: 250 ok\nC: RCPT *\nwait 1",
                  "4.4.2 The connection broke before the reply to RCPT: the peer closed the "
                  "connection"},
        FaultCase{"data_421",
                  "plain hello\nC: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 421 gone\n"
                  "closed",
                  "421 gone"}),
    &fault_name);

class NextHost : public HostsTest {};

TEST_F(NextHost, WhenTheFirstDoesNotAnswerInTime) {
  world_.wires().plan(io::Endpoint::parse("203.0.113.1:25").value(),
                      {.open = sim::Plan::Open::hang});
  second({take_and_quit()});
  const auto outcomes = outcomes_of(kDomain, letter());
  EXPECT_EQ(text_of(outcomes), "0 relayed 250 taken");
  EXPECT_EQ(outcomes.front().passed_over,
            std::string(kFirst) + ": 4.4.1 Cannot connect: no answer within 30 s");
  EXPECT_GE(outcomes.front().duration, seconds(30));
}

TEST_F(NextHost, WhenTheFirstResetsTheConnection) {
  world_.wires().plan(io::Endpoint::parse("203.0.113.1:25").value(), {.cut_to_client = 2});
  first({"S: 220 mx"});
  second({take_and_quit()});
  const auto outcomes = outcomes_of(kDomain, letter());
  EXPECT_EQ(text_of(outcomes), "0 relayed 250 taken");
  EXPECT_EQ(outcomes.front().passed_over,
            std::string(kFirst) +
                ": 4.4.2 The connection broke before the greeting: connection reset by "
                "203.0.113.1:25");
}

TEST_F(NextHost, WhenThereIsNoRouteToTheFirst) {
  second({take_and_quit()});
  BrokenRoute network(system_.network, IpAddress::parse("203.0.113.1").value());
  const io::System system{system_.clock,   system_.random, network,         system_.resolver,
                          system_.workers, system_.files,  system_.reactors};
  HostCourier made(kDomain, settings(), {system, queue_, memory_, sources_});
  const queue::Job one = letter();
  const auto outcomes = run(made.deliver(one));
  EXPECT_EQ(text_of(outcomes), "0 relayed 250 taken");
  EXPECT_EQ(outcomes.front().passed_over,
            std::string(kFirst) + ": 4.4.1 Cannot connect: No route to host");
  world_.spawn("finish", made.finish());
  world_.run_for(seconds(5));
}

TEST_F(NextHost, IsNamedEvenWhenItCouldNotBeResolved) {
  world_.dns().fail("a.x.example", sim::DnsFailure::servfail);
  second({take_and_quit()});
  EXPECT_THAT(outcomes_of(kDomain, letter()).front().passed_over,
              StartsWith("a.x.example: 4.4.3 SERVFAIL"));
}

struct GreetingCase {
  const char* name;
  std::string_view first;  ///< What each host plays; empty: nobody listens there.
  std::string_view second;
  std::string_view want;
};

constexpr std::string_view k554 = "S: 554 no\nC: QUIT\nS: 221 bye";

class Greetings : public HostsTest, public ::testing::WithParamInterface<GreetingCase> {};

TEST_P(Greetings, OfAllHostsDecideTogether) {
  const GreetingCase& c = GetParam();
  if (!c.first.empty()) first({std::string(c.first)});
  if (!c.second.empty()) second({std::string(c.second)});
  EXPECT_EQ(attempt(kDomain, letter()), c.want);
}

std::string greeting_name(const ::testing::TestParamInfo<GreetingCase>& test) {
  return test.param.name;
}

// RFC 5321 §3.1, §4.2.1; RFC 7504 §3. Only when each host refuses all mail it fails.
INSTANTIATE_TEST_SUITE_P(
    Rfc5321Section31, Greetings,
    ::testing::Values(
        GreetingCase{"all_554", k554, "S: 554 never\nC: QUIT\nS: 221 bye", "0 failed 554 never"},
        GreetingCase{"one_554_one_521", k554, "S: 521 5.3.2 no mail here\nC: QUIT",
                     "0 failed 521 5.3.2 no mail here"},
        GreetingCase{"one_is_busy", "S: 421 busy\nclosed", k554, "0 deferred! 554 no"},
        GreetingCase{"one_is_unreachable", k554, "",
                     "0 deferred! 4.4.1 Cannot connect: connection refused"},
        GreetingCase{"one_says_nothing", k554, "wait 301",
                     "0 deferred! 4.4.2 No greeting within 300 s"},
        GreetingCase{"one_refuses_our_name",
                     "S: 220 mx\nC: EHLO *\nS: 550 no\nC: HELO *\nS: 550 no\nC: QUIT\nS: 221 bye",
                     k554, "0 deferred! 554 no"},
        GreetingCase{"one_breaks_off_later", "plain hello\nC: MAIL *\nS: 421 gone\nclosed", k554,
                     "0 deferred 554 no"}),
    &greeting_name);

TEST_F(NextHost, ThatCannotBeResolvedMightHaveTakenIt) {
  first({std::string(k554)});
  world_.dns().fail("b.x.example", sim::DnsFailure::servfail);
  EXPECT_EQ(attempt(kDomain, letter()), "0 deferred! 554 no");
}

TEST_F(NextHost, AConfiguredHostThatRefusesAllMailCostsNone) {
  hop("203.0.113.3:25", {std::string(k554)});
  hop("203.0.113.3:24", {std::string(k554)});
  EXPECT_EQ(attempt(route::SmtpHost{"203.0.113.3", 25}, letter()), "0 deferred! 554 no");
  const route::Lmtp lmtp{io::Endpoint::parse("203.0.113.3:24").value()};
  EXPECT_EQ(attempt(lmtp, letter()), "0 deferred! 554 no");
}

class RestingHosts : public HostsTest {
 protected:
  /// The next connection to this host is refused.
  void refuse_once(std::string_view endpoint) {
    world_.wires().plan(io::Endpoint::parse(endpoint).value(), {.open = sim::Plan::Open::refuse});
  }

  /// Of a job that goes on while others are tried.
  std::shared_ptr<std::optional<std::vector<queue::Outcome>>> outcomes_ =
      std::make_shared<std::optional<std::vector<queue::Outcome>>>();
};

TEST_F(RestingHosts, AreNotAskedUntilTheirPauseIsOver) {
  refuse_once("203.0.113.1:25");
  first({take_and_quit("250 first")});
  second({take_and_quit("250 one"), take_and_quit("250 two")});
  EXPECT_EQ(attempt(kDomain, letter()), "0 relayed 250 one");
  world_.run_for(seconds(20));
  const auto outcomes = outcomes_of(kDomain, letter());
  EXPECT_EQ(text_of(outcomes), "0 relayed 250 two");
  EXPECT_THAT(outcomes.front().passed_over,
              StartsWith(std::string(kFirst) + ": " + std::string(kRefused) + " (tried 2"));
  world_.run_for(seconds(41));
  EXPECT_EQ(attempt(kDomain, letter()), "0 relayed 250 first");
  EXPECT_EQ(memory_.size(), 0U) << "success clears it";
}

TEST_F(RestingHosts, AreNotAskedEvenWhenAllOfThemRest) {
  refuse_once("203.0.113.1:25");
  refuse_once("203.0.113.2:25");
  first({take_and_quit()});
  EXPECT_EQ(attempt(kDomain, letter()), "0 deferred! " + std::string(kRefused));
  world_.run_for(seconds(30));
  const auto outcomes = outcomes_of(kDomain, letter());
  EXPECT_THAT(text_of(outcomes), StartsWith("0 deferred! " + std::string(kRefused) + " (tried 3"));
  EXPECT_EQ(outcomes.front().remote, "b.x.example [203.0.113.2:25]");
  EXPECT_LT(outcomes.front().duration, seconds(1));
  world_.run_for(seconds(31));
  EXPECT_EQ(attempt(kDomain, letter()), "0 relayed 250 taken");
}

TEST_F(RestingHosts, ThatRefusedAllMailAreAskedAgainBeforeMailFails) {
  first({std::string(k554), "S: 554 still no\nC: QUIT\nS: 221 bye"});
  second({std::string(k554), "S: 554 never\nC: QUIT\nS: 221 bye"});
  EXPECT_EQ(attempt(kDomain, letter()), "0 failed 554 no");
  EXPECT_EQ(attempt(kDomain, letter()), "0 failed 554 never");
}

TEST_F(RestingHosts, ThatRefusedAllMailMayHaveBeenMended) {
  first({std::string(k554), "S: 421 busy\nclosed"});
  second({std::string(k554), take_and_quit()});
  EXPECT_EQ(attempt(kDomain, letter()), "0 failed 554 no");
  const auto outcomes = outcomes_of(kDomain, letter());
  EXPECT_EQ(text_of(outcomes), "0 relayed 250 taken");
  EXPECT_THAT(outcomes.front().passed_over,
              StartsWith(std::string(kFirst) + ": 554 no (tried 0 s ago); b.x.example "));
  EXPECT_THAT(outcomes.front().passed_over, EndsWith("; " + std::string(kFirst) + ": 421 busy"));
}

TEST_F(RestingHosts, ARefusalIsNotRememberedTogetherWithAFreshOne) {
  first({std::string(k554), take_and_quit("250 first")});
  second({take_and_quit("250 second"), std::string(k554)});
  EXPECT_EQ(attempt(kDomain, letter()), "0 relayed 250 second");
  EXPECT_EQ(attempt(kDomain, letter()), "0 relayed 250 first");
}

TEST_F(RestingHosts, ThatRefusedAllMailAreNotAskedAgainWhenMailWaitsForAnotherHostAnyway) {
  ScriptedHop& refuses = first({std::string(k554)});
  refuse_once("203.0.113.2:25");
  EXPECT_EQ(attempt(kDomain, letter()), "0 deferred! " + std::string(kRefused));
  EXPECT_THAT(attempt(kDomain, letter()),
              StartsWith("0 deferred! " + std::string(kRefused) + " (tried "));
  EXPECT_EQ(refuses.connections, 1);
}

TEST_F(RestingHosts, TheOnlyHostIsAlwaysAsked) {
  world_.dns().mx("one.example", 10, "a.x.example");
  refuse_once("203.0.113.1:25");
  first({take_and_quit("250 one")});
  EXPECT_EQ(attempt(route::MxDomain{"one.example"}, letter()),
            "0 deferred! " + std::string(kRefused));
  EXPECT_EQ(attempt(route::MxDomain{"one.example"}, letter()), "0 relayed 250 one");
}

TEST_F(RestingHosts, ADeadAddressOfTheOnlyHostIsNotAsked) {  // IPv6 that leads nowhere.
  world_.dns().mx("one.example", 10, "six.x.example");
  world_.dns().address("six.x.example", "2001:db8::1");
  world_.dns().address("six.x.example", "203.0.113.1");
  world_.wires().plan(io::Endpoint::parse("[2001:db8::1]:25").value(),
                      {.open = sim::Plan::Open::hang});
  first({take_and_quit("250 one"), take_and_quit("250 two")});
  EXPECT_EQ(attempt(route::MxDomain{"one.example"}, letter()), "0 relayed 250 one");
  hop("[2001:db8::1]:25", {});
  EXPECT_EQ(attempt(route::MxDomain{"one.example"}, letter()), "0 relayed 250 two");
}

TEST_F(RestingHosts, AHostWithWhichAnotherSessionWorksIsNotDead) {
  first({"plain hello\n" + taken("250 one") + taken("250 two") + std::string(kQuit),
         "S: 421 too many connections\nclosed", "S: 554 too many connections\nC: QUIT\nS: 221 bye",
         take_and_quit("250 three")});
  second({take_and_quit("250 other"), std::string(k554)});
  HostCourier& kept = courier(kDomain);
  const queue::Job one = letter();
  EXPECT_EQ(text_of(run(kept.deliver(one))), "0 relayed 250 one");
  EXPECT_EQ(attempt(kDomain, letter()), "0 relayed 250 other");
  EXPECT_EQ(memory_.size(), 0U);
  EXPECT_EQ(attempt(kDomain, letter()), "0 deferred! 554 no") << "the first one does take mail";
  EXPECT_EQ(attempt(kDomain, letter()), "0 relayed 250 three") << "it is asked by the next";
  const queue::Job two = letter();
  EXPECT_EQ(text_of(run(kept.deliver(two))), "0 relayed 250 two");
  world_.spawn("finish", kept.finish());
}

TEST_F(RestingHosts, AHostWhoseSessionsAreOverMayBeDead) {
  first({take_and_quit("250 one"), "S: 421 too many connections\nclosed"});
  second({take_and_quit("250 other"), take_and_quit("250 again")});
  EXPECT_EQ(attempt(kDomain, letter()), "0 relayed 250 one");
  EXPECT_EQ(attempt(kDomain, letter()), "0 relayed 250 other");
  EXPECT_EQ(attempt(kDomain, letter()), "0 relayed 250 again");
}

TEST_F(RestingHosts, ASessionWithoutSuccessForLongDoesNotSayThatTheHostWorks) {
  first({"plain hello\nC: MAIL *\nwait 200\ncut", "S: 421 too many connections\nclosed"});
  second({take_and_quit("250 other"), take_and_quit("250 again"), take_and_quit("250 one")});
  HostCourier& stuck = courier(kDomain);
  const queue::Job one = letter();
  world_.spawn("stuck", keep(stuck.deliver(one), outcomes_));
  world_.run_for(seconds(61));
  EXPECT_EQ(attempt(kDomain, letter()), "0 relayed 250 other");
  EXPECT_EQ(attempt(kDomain, letter()), "0 relayed 250 again") << "the first one rests";
  EXPECT_TRUE(world_.run_until([this] { return outcomes_->has_value(); }));
  EXPECT_EQ(text_of(**outcomes_), "0 relayed 250 one");
  world_.spawn("finish", stuck.finish());
}

TEST_F(RestingHosts, AHostWhoseSessionEndedThePauseIsAskedAgain) {
  first(
      {"plain hello\nC: MAIL *\nwait 70\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\n"
       "S: 354 go\nC: x\nC: .\nS: 250 one\nC: QUIT\nS: 221 bye",
       "S: 421 too many connections\nclosed", take_and_quit("250 three")});
  second({take_and_quit("250 other")});
  HostCourier& slow = courier(kDomain);
  const queue::Job one = letter();
  world_.spawn("slow", keep(slow.deliver(one), outcomes_));
  world_.run_for(seconds(61));
  EXPECT_EQ(attempt(kDomain, letter()), "0 relayed 250 other");
  EXPECT_EQ(memory_.size(), 1U);
  EXPECT_TRUE(world_.run_until([this] { return outcomes_->has_value(); }));
  EXPECT_EQ(text_of(**outcomes_), "0 relayed 250 one");
  EXPECT_EQ(memory_.size(), 0U) << "success ends the pause";
  EXPECT_EQ(attempt(kDomain, letter()), "0 relayed 250 three");
  world_.spawn("finish", slow.finish());
}

TEST_F(RestingHosts, AnLmtpServerIsNeverRemembered) {
  const route::Lmtp lmtp{io::Endpoint::unix_socket("/run/lmtp.sock")};
  EXPECT_THAT(attempt(lmtp, letter()), StartsWith("0 deferred! 4.4.1 Cannot connect: "));
  EXPECT_EQ(memory_.size(), 0U);
}

class HostNames : public HostsTest {
 protected:
  void move_second_to_first() {
    world_.dns().remove("a.x.example", dns::Type::a);
    world_.dns().address("a.x.example", "203.0.113.2");
  }
};

TEST_F(HostNames, AreFoundBeforeTheFirstAttemptWhichUsesTheSameLookUp) {
  HostCourier& made = courier(kDomain);
  EXPECT_THAT(run(made.hosts()), ElementsAre("a.x.example", "b.x.example"));
  move_second_to_first();
  first({take_and_quit("250 as it was")});
  const queue::Job one = letter();
  EXPECT_EQ(text_of(run(made.deliver(one))), "0 relayed 250 as it was");
  world_.spawn("finish", made.finish());
}

TEST_F(HostNames, AreLookedUpAgainAfterAMinute) {
  HostCourier& made = courier(kDomain);
  EXPECT_THAT(run(made.hosts()), ElementsAre("a.x.example", "b.x.example"));
  move_second_to_first();
  world_.run_for(seconds(61));
  second({take_and_quit("250 as it is")});
  const queue::Job one = letter();
  EXPECT_EQ(text_of(run(made.deliver(one))), "0 relayed 250 as it is");
  world_.spawn("finish", made.finish());
}

TEST_F(HostNames, AreNoneWhileTheyCannotBeFound) {
  world_.dns().fail("x.example", sim::DnsFailure::servfail, 1);
  HostCourier& made = courier(kDomain);
  EXPECT_THAT(run(made.hosts()), ElementsAre());
  first({take_and_quit()});
  const queue::Job one = letter();
  EXPECT_EQ(text_of(run(made.deliver(one))), "0 relayed 250 taken") << "the attempt looks again";
  EXPECT_THAT(run(made.hosts()), ElementsAre("a.x.example", "b.x.example"));
  world_.spawn("finish", made.finish());
}

TEST_F(HostNames, AreInLowerCaseAndEachOnce) {
  world_.dns().mx("case.example", 10, "A.X.Example");
  world_.dns().address("a.x.example", "203.0.113.9");
  EXPECT_THAT(run(courier(route::MxDomain{"case.example"}).hosts()), ElementsAre("a.x.example"));
  EXPECT_THAT(run(courier(route::SmtpHost{"A.x.example", 25}).hosts()), ElementsAre("a.x.example"));
}

TEST_F(HostNames, AreNoneForLmtp) {
  const route::Lmtp lmtp{io::Endpoint::unix_socket("/run/lmtp.sock")};
  EXPECT_THAT(run(courier(lmtp).hosts()), ElementsAre());
}

TEST_F(NextHost, AConnectionKeepsItsSourceAddressUntilItEnds) {
  const std::vector sources{IpAddress::parse("192.0.2.7").value(),
                            IpAddress::parse("192.0.2.8").value()};
  sources_ = std::make_shared<SourcePool>(sources);
  first({"plain hello\n" + taken("250 one") + taken("250 two") + std::string(kQuit)});
  HostCourier& kept = courier(kDomain);
  const auto in_use = [&] {
    return sources_->connections(sources[0]) + sources_->connections(sources[1]);
  };
  for (int i = 0; i < 2; ++i) {
    const queue::Job one = letter();
    EXPECT_THAT(text_of(run(kept.deliver(one))), StartsWith("0 relayed "));
    EXPECT_EQ(in_use(), 1U);
  }
  world_.spawn("finish", kept.finish());
  world_.run_for(seconds(5));
  EXPECT_EQ(in_use(), 0U);
}

}  // namespace
}  // namespace veredus::deliver
