// The next job offered behind the end of the one before (RFC 2920 §3.1).

#include "mail/deliver/deliver_test_support.h"

namespace veredus::deliver {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kOffer = "C: MAIL *\nC: RCPT *\nC: DATA\n";
constexpr std::string_view kWanted = "S: 250 ok\nS: 250 ok\nS: 354 go\n";
constexpr std::string_view kText = "C: x\nC: .\n";

class FollowingTest : public HostsTest {
 protected:
  /// Up to where the host has the first letter and, not having answered to it, the offer of the
  /// second one: a client that does not pipeline comes no further.
  static std::string first_and_offer() {
    return "hello\n" + std::string(kOffer) + std::string(kWanted) + std::string(kText) +
           std::string(kOffer);
  }
  /// The second one to its end.
  static std::string second_taken() {
    return std::string(kWanted) + std::string(kText) + "S: 250 two\n";
  }
  /// What comes of both.
  std::string deliver_both(HostCourier& courier) {
    courier.announce(two_);
    std::string all = text_of(run(courier.deliver(one_)));
    all += ", then " + text_of(run(courier.deliver(two_)));
    world_.spawn("finish", courier.finish());
    world_.run_for(std::chrono::seconds(5));
    return all;
  }

  const queue::Job one_ = letter();
  const queue::Job two_ = letter();
};

TEST_F(FollowingTest, TheNextJobIsOfferedBehindTheEnd) {
  first({first_and_offer() + "S: 250 one\n" + second_taken() + std::string(kQuit)});
  EXPECT_EQ(deliver_both(courier(kDomain)), "0 relayed 250 one, then 0 relayed 250 two");
}

TEST_F(FollowingTest, ARefusalOfTheOneIsNoneOfTheOther) {
  first({first_and_offer() + "S: 554 no\n" + second_taken() + std::string(kQuit)});
  EXPECT_EQ(deliver_both(courier(kDomain)), "0 failed 554 no, then 0 relayed 250 two");
}

TEST_F(FollowingTest, TheNextOneMayBeRefusedBeforeItIsSent) {
  first({first_and_offer() + "S: 250 one\nS: 250 ok\nS: 550 nobody\nS: 503 no recipient\n" +
         "C: RSET\nS: 250 ok\n" + std::string(kQuit)});
  EXPECT_EQ(deliver_both(courier(kDomain)), "0 relayed 250 one, then 0 failed 550 nobody");
}

TEST_F(FollowingTest, WhatWasOfferedWhereTheConnectionBreaksIsSentOverAnother) {
  first({first_and_offer() + "cut", take_and_quit("250 two")});
  EXPECT_THAT(deliver_both(courier(kDomain)),
              testing::AllOf(StartsWith("0 deferred 4.4.2 "), HasSubstr("may have been delivered"),
                             HasSubstr(", then 0 relayed 250 two")));
}

TEST_F(FollowingTest, AHostThatGoesAwayAfterTheOneDidNotGetTheOther) {
  first({first_and_offer() + "S: 421 enough\nclosed", take_and_quit("250 two")});
  EXPECT_EQ(deliver_both(courier(kDomain)), "0 deferred 421 enough, then 0 relayed 250 two");
}

TEST_F(FollowingTest, AHostThatBreaksOffAfterTheOneDidNotGetTheOther) {
  first({first_and_offer() + "S: 250 one\nwait 1\ncut", take_and_quit("250 two")});
  EXPECT_EQ(deliver_both(courier(kDomain)), "0 relayed 250 one, then 0 relayed 250 two");
}

TEST_F(FollowingTest, AHostThatDoesNotSayItCanIsAskedInTurn) {
  first({"plain hello\n" + taken("250 one") + taken("250 two") + std::string(kQuit)});
  EXPECT_EQ(deliver_both(courier(kDomain)), "0 relayed 250 one, then 0 relayed 250 two");
}

TEST_F(FollowingTest, TheLastMessageOfAConnectionIsNotFollowed) {
  config_.messages_per_connection_max = 1;
  const std::string alone = "hello\n" + std::string(kOffer) + std::string(kWanted) +
                            std::string(kText) + "S: 250 taken\n" + std::string(kQuit);
  first({alone, alone});
  EXPECT_EQ(deliver_both(courier(kDomain)), "0 relayed 250 taken, then 0 relayed 250 taken");
}

TEST_F(FollowingTest, WhatNeverComesEndsWithTheConnection) {
  first({first_and_offer() + "S: 250 one\n" + std::string(kWanted) + "closed"});
  HostCourier& made = courier(kDomain);
  made.announce(two_);
  EXPECT_EQ(text_of(run(made.deliver(one_))), "0 relayed 250 one");
  world_.spawn("finish", made.finish());
  world_.run_for(std::chrono::seconds(5));
}

TEST_F(FollowingTest, EachAnnouncementIsForOneJob) {
  first({first_and_offer() + "S: 250 one\n" + second_taken() + std::string(kOffer) +
         std::string(kWanted) + std::string(kText) + "S: 250 three\n" + std::string(kQuit)});
  HostCourier& made = courier(kDomain);
  made.announce(two_);
  EXPECT_EQ(text_of(run(made.deliver(one_))), "0 relayed 250 one");
  EXPECT_EQ(text_of(run(made.deliver(two_))), "0 relayed 250 two");
  const queue::Job three = letter();
  EXPECT_EQ(text_of(run(made.deliver(three))), "0 relayed 250 three");
  world_.spawn("finish", made.finish());
  world_.run_for(std::chrono::seconds(5));
}

}  // namespace
}  // namespace veredus::deliver
