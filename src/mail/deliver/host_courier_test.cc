// Which hosts are tried, in what order, and what is kept from job to job.

#include "mail/deliver/host_courier.h"

#include "mail/deliver/deliver_test_support.h"

namespace veredus::deliver {
namespace {

TEST_F(HostsTest, TheSecondHostWhenTheFirstRefusesToConnect) {
  second({take_and_quit()});
  EXPECT_EQ(attempt(kDomain, letter()), "0 relayed 250 taken");
}

TEST_F(HostsTest, TheSecondHostWhenTheFirstGreetsWith4yz) {
  first({"S: 421 busy\nclosed"});
  second({take_and_quit()});
  EXPECT_EQ(attempt(kDomain, letter()), "0 relayed 250 taken");
}

TEST_F(HostsTest, TheSecondHostWhenTheFirstGreetsWith5yz) {
  first({"S: 554 no\nC: QUIT\nS: 221 bye"});
  second({take_and_quit()});
  EXPECT_EQ(attempt(kDomain, letter()), "0 relayed 250 taken");
}

TEST_F(HostsTest, TheSecondHostWhenTheFirstRefusesEhloAndHelo) {
  first({"S: 220 mx\nC: EHLO *\nS: 550 not you\nC: HELO *\nS: 550 not you\nC: QUIT\nS: 221 bye"});
  second({take_and_quit()});
  EXPECT_EQ(attempt(kDomain, letter()), "0 relayed 250 taken");
}

TEST_F(HostsTest, TheSecondHostWhenTheFirstBreaksOffBeforeTheEnd) {
  first({"plain hello\nC: MAIL *\nS: 250 ok\nC: RCPT *\ncut"});
  second({take_and_quit()});
  EXPECT_EQ(attempt(kDomain, letter()), "0 relayed 250 taken");
}

TEST_F(HostsTest, TheSecondHostGetsOnlyWhomTheFirstDidNotDecideOn) {
  first({"plain hello\nC: MAIL *\nS: 250 ok\nC: RCPT TO:<a@*\nS: 550 no\nC: RCPT TO:<b@*\ncut"});
  const std::string for_b =
      "plain hello\nC: MAIL *\nS: 250 ok\nC: RCPT TO:<b@x.example>\nS: 250 ok\nC: DATA\n"
      "S: 354 go\nC: x\nC: .\nS: 250 taken\nC: QUIT\nS: 221 bye";
  second({for_b});
  EXPECT_EQ(attempt(kDomain, job({"a@x.example", "b@x.example"}, "x\r\n")),
            "0 failed 550 no | 1 relayed 250 taken");
}

TEST_F(HostsTest, NoOtherHostOnceTheMessageWasSent) {  // It may have been taken.
  first(
      {"plain hello\nC: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\nC: x\nC: .\n"
       "cut"});
  second({});
  EXPECT_EQ(
      attempt(kDomain, letter()),
      "0 deferred 4.4.2 The connection broke before the reply to the message: the peer closed "
      "the connection; it may have been delivered, so that the next attempt may deliver it a "
      "second time");
}

TEST_F(HostsTest, NoOtherHostAfterARefusal) {
  first({"plain hello\nC: MAIL *\nS: 450 later\nC: RSET\nS: 250 ok\nC: QUIT\nS: 221 bye"});
  second({});
  EXPECT_EQ(attempt(kDomain, letter()), "0 deferred 450 later");
}

TEST_F(HostsTest, OurStorageThatFailsIsNoReasonToTryAnotherHost) {
  first({"plain hello\nC: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\nclosed"});
  second({});
  queue::Job lost = letter();
  lost.chunks.clear();
  EXPECT_EQ(attempt(kDomain, lost), "0 deferred 4.3.0 Storage: no such chunk");
}

TEST_F(HostsTest, ADomainWithNullMxTakesNoMail) {
  world_.dns().mx("null.example", 0, "");
  EXPECT_TRUE(attempt(route::MxDomain{"null.example"}, letter()).starts_with("0 failed 5.1.10 "));
}

TEST_F(HostsTest, AMailHostWithoutAnswerFromDnsIsNotReached) {
  world_.dns().fail("x.example", sim::DnsFailure::servfail);
  EXPECT_TRUE(attempt(kDomain, letter()).starts_with("0 deferred! 4.4.3 "));
}

TEST_F(HostsTest, AConnectionCarriesTheNextJob) {
  ScriptedHop& host =
      first({"plain hello\n" + taken("250 one") + taken("250 two") + std::string(kQuit)});
  HostCourier& kept = courier(kDomain);
  const queue::Job one = letter();
  const queue::Job two = letter();
  EXPECT_EQ(text_of(run(kept.deliver(one))), "0 relayed 250 one");
  EXPECT_EQ(text_of(run(kept.deliver(two))), "0 relayed 250 two");
  world_.spawn("finish", kept.finish());
  world_.run_for(std::chrono::seconds(5));
  EXPECT_EQ(host.connections, 1);
}

TEST_F(HostsTest, AConnectionEndsWhenItCarriedEnough) {
  config_.messages_per_connection_max = 2;
  ScriptedHop& host =
      first({"plain hello\n" + taken("250 one") + taken("250 two") + std::string(kQuit),
             take_and_quit("250 three")});
  HostCourier& kept = courier(kDomain);
  for (const char* want : {"0 relayed 250 one", "0 relayed 250 two", "0 relayed 250 three"}) {
    const queue::Job one = letter();
    EXPECT_EQ(text_of(run(kept.deliver(one))), want);
  }
  world_.spawn("finish", kept.finish());
  world_.run_for(std::chrono::seconds(5));
  EXPECT_EQ(host.connections, 2);
}

TEST_F(HostsTest, AKeptConnectionThatIsGoneCostsOnlyANewOne) {
  first({"plain hello\n" + taken("250 one") + "wait 60\ncut", take_and_quit("250 two")});
  HostCourier& kept = courier(kDomain);
  const queue::Job one = letter();
  EXPECT_EQ(text_of(run(kept.deliver(one))), "0 relayed 250 one");
  world_.run_for(std::chrono::minutes(2));
  const queue::Job two = letter();
  EXPECT_EQ(text_of(run(kept.deliver(two))), "0 relayed 250 two");
  world_.spawn("finish", kept.finish());
}

TEST_F(HostsTest, AKeptConnectionThatSays421CostsOnlyANewOne) {
  first({"plain hello\n" + taken("250 one") + "C: MAIL *\nS: 421 too long\nclosed",
         take_and_quit("250 two")});
  HostCourier& kept = courier(kDomain);
  const queue::Job one = letter();
  EXPECT_EQ(text_of(run(kept.deliver(one))), "0 relayed 250 one");
  const queue::Job two = letter();
  EXPECT_EQ(text_of(run(kept.deliver(two))), "0 relayed 250 two");
  world_.spawn("finish", kept.finish());
}

TEST_F(HostsTest, AKeptConnectionThatDecidedOnAllBeforeItBrokeIsNotFollowedByAnother) {
  ScriptedHop& host = first({"plain hello\n" + taken("250 one") +
                             "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 550 no\nC: RSET\ncut"});
  HostCourier& kept = courier(kDomain);
  const queue::Job one = letter();
  EXPECT_EQ(text_of(run(kept.deliver(one))), "0 relayed 250 one");
  const queue::Job two = letter();
  EXPECT_EQ(text_of(run(kept.deliver(two))), "0 failed 550 no");
  EXPECT_EQ(host.connections, 1);
}

TEST_F(HostsTest, ConnectsFromTheConfiguredAddress) {
  sources_ = std::make_shared<SourcePool>(std::vector{IpAddress::parse("192.0.2.77").value()});
  world_.wires().partition(IpAddress::parse("192.0.2.1").value(),
                           IpAddress::parse("203.0.113.1").value());
  first({take_and_quit()});
  EXPECT_EQ(attempt(kDomain, letter()), "0 relayed 250 taken");
}

}  // namespace
}  // namespace veredus::deliver
