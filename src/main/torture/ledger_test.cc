// The verifier itself is tried: each kind of loss is planted and must be found.

#include "main/torture/ledger.h"

#include <chrono>
#include <fstream>
#include <iterator>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temporary_folder.h"
#include "main/torture/books.h"

namespace veredus::torture {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

class Planted : public testing::Test {
 protected:
  /// Sends so many mails, all acknowledged for all recipients.
  void send(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) acknowledge(books_.ledger.begin());
  }
  void acknowledge(std::uint64_t number) {
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < books_.maker.recipients(number).size(); ++i) all.push_back(i);
    books_.ledger.acknowledge(number, all, {SteadyTime(), QueueId{number + 1}, 3});
  }
  /// The mail arrives for every recipient, now or when it says.
  void deliver(std::uint64_t number) { deliver(number, {now_, now_}); }
  void deliver(std::uint64_t number, const Arrival& arrival) {
    const Mail mail = books_.maker.make(number);
    for (const std::string& recipient : mail.recipients)
      books_.book(books_.maker.judge(recipient, mail.text), mail.text, arrival);
  }
  void arrive(const std::string& recipient, const std::string& text) {
    books_.book(books_.maker.judge(recipient, text), text, {now_, now_});
  }
  /// The server is killed now, and runs again a moment later.
  void kill() {
    books_.server_killed(now_);
    now_ += milliseconds(100);
    books_.server_restarted(now_);
    now_ += seconds(1);
  }
  std::uint64_t copies(std::uint64_t number) const {
    return books_.maker.recipients(number).size();
  }
  const Counts& counts() const { return books_.ledger.counts(); }

  io::TemporaryFolder folder_;
  Books books_{MailMaker(20260105), folder_.path() + "/evidence"};
  SteadyTime now_{std::chrono::hours(1)};
};

TEST_F(Planted, NothingIsMissingWhenEverythingCame) {
  send(100);
  for (std::uint64_t number = 100; number-- > 0;) deliver(number);
  EXPECT_EQ(counts().messages, 100U);
  EXPECT_EQ(counts().arrived, counts().acknowledged);
  EXPECT_EQ(books_.ledger.outstanding(), 0U);
  EXPECT_EQ(counts().doubled + counts().doubled_after_kill + counts().doubled_after_cut, 0U);
  EXPECT_EQ(counts().unconfirmed + counts().changed + counts().strangers, 0U);
}

TEST_F(Planted, ALostMailIsFoundWithWhatIsKnownOfIt) {
  send(100);
  for (std::uint64_t number = 0; number < 100; ++number)
    if (number != 42) deliver(number);
  ASSERT_EQ(books_.ledger.outstanding(), copies(42));
  const auto missing = books_.ledger.missing(10);
  ASSERT_EQ(missing.size(), copies(42));
  EXPECT_EQ(missing[0].copy, (Copy{42, 0}));
  EXPECT_EQ(missing[0].acknowledgement.id, QueueId{43});
  EXPECT_EQ(missing[0].acknowledgement.life, 3U);
}

TEST_F(Planted, AMailLostForOneOfItsRecipientsIsFound) {
  std::uint64_t number = 0;
  while (copies(number) < 3) ++number;
  send(number + 1);
  const Mail mail = books_.maker.make(number);
  for (std::uint64_t before = 0; before < number; ++before) deliver(before);
  arrive(mail.recipients[0], mail.text);
  arrive(mail.recipients[2], mail.text);
  const auto missing = books_.ledger.missing(10);
  ASSERT_EQ(missing.size(), copies(number) - 2);
  EXPECT_EQ(missing[0].copy, (Copy{number, 1}));
}

TEST_F(Planted, ADoubledMailIsCountedForEveryExtraCopy) {
  send(3);
  for (std::uint64_t number = 0; number < 3; ++number) deliver(number);
  deliver(1);
  deliver(1);
  EXPECT_EQ(counts().doubled, 2 * copies(1));
  EXPECT_EQ(counts().arrived, counts().acknowledged);
  ASSERT_EQ(books_.problems().size(), 2 * copies(1));
  EXPECT_THAT(books_.problems()[0], HasSubstr("number 1 for <"));
}

TEST_F(Planted, TwiceIsAllowedWhenItWasDeliveredJustBeforeAKill) {
  send(1);
  deliver(0);
  now_ += seconds(1);
  kill();
  deliver(0);
  EXPECT_EQ(counts().doubled_after_kill, copies(0));
  EXPECT_EQ(counts().doubled, 0U);
  now_ += seconds(10);
  deliver(0);  // A third time, and no kill since the second.
  EXPECT_EQ(counts().doubled_after_kill, copies(0));
  EXPECT_EQ(counts().doubled, copies(0));
}

TEST_F(Planted, TwiceIsNotAllowedWhenItWasDeliveredLongBeforeAKill) {
  send(1);
  deliver(0);
  now_ += seconds(4);
  kill();
  deliver(0);
  EXPECT_EQ(counts().doubled, copies(0));
  EXPECT_EQ(counts().doubled_after_kill, 0U);
}

TEST_F(Planted, TwiceIsNotAllowedInOneLifeThoughAKillFollows) {
  send(1);
  deliver(0);
  deliver(0);
  kill();
  EXPECT_EQ(counts().doubled, copies(0));
}

/// A disk that takes seconds for a 250 may take as long to note a delivery.
TEST_F(Planted, TheSecondsBeforeAKillGoByTheSlowestAnswer) {
  send(1);
  books_.latency.add(seconds(3));
  deliver(0);
  now_ += seconds(4);
  kill();
  deliver(0);
  EXPECT_EQ(counts().doubled_after_kill, copies(0));
}

TEST_F(Planted, WhatIsFoundAfterAKillCountsFromWhenItWasDelivered) {
  send(3);
  const SteadyTime before = now_ - milliseconds(500);
  kill();
  deliver(0, {before, before});                  // Found late, in a Maildir.
  deliver(1, {now_ - milliseconds(900), now_});  // The next hop dawdled over it meanwhile.
  deliver(2);                                    // By the next life.
  for (std::uint64_t number = 0; number < 3; ++number) deliver(number);
  EXPECT_EQ(counts().doubled_after_kill, copies(0) + copies(1));
  EXPECT_EQ(counts().doubled, copies(2));
}

/// The next hop dawdles over what the dead server had sent; the next life delivers it meanwhile.
TEST_F(Planted, ACopyThatIsOvertakenByItsRepetitionIsAllowed) {
  send(1);
  const SteadyTime sent = now_;
  now_ += milliseconds(300);
  kill();
  deliver(0);
  now_ += milliseconds(200);
  deliver(0, {sent, now_});
  EXPECT_EQ(counts().doubled_after_kill, copies(0));
  EXPECT_EQ(counts().doubled, 0U);
  deliver(0);
  EXPECT_EQ(counts().doubled, copies(0)) << "the later life had noted its own";
}

TEST_F(Planted, AServerThatDeliversEverythingAgainWhenItStartsIsFound) {
  send(1);
  deliver(0);
  now_ += seconds(10);
  books_.server_killed(now_);
  books_.server_restarted(now_);
  now_ += milliseconds(1);
  deliver(0);
  EXPECT_EQ(counts().doubled, copies(0));
}

TEST_F(Planted, TwiceIsAllowedWhenTheNextHopTookItAndCut) {
  send(1);
  deliver(0, {now_, now_, false});
  now_ += seconds(60);
  deliver(0);
  EXPECT_EQ(counts().doubled_after_cut, copies(0));
  deliver(0);
  EXPECT_EQ(counts().doubled_after_cut, copies(0));
  EXPECT_EQ(counts().doubled, copies(0));
}

TEST_F(Planted, AChangedMailIsFoundKeptAndDoesNotCountAsArrived) {
  send(1);
  const Mail mail = books_.maker.make(0);
  std::string damaged = mail.text;
  damaged[mail.text.size() - 5] ^= 1;
  arrive(mail.recipients[0], damaged);
  EXPECT_EQ(counts().changed, 1U);
  EXPECT_EQ(counts().arrived, 0U);
  EXPECT_EQ(books_.ledger.outstanding(), copies(0));
  ASSERT_EQ(books_.problems().size(), 1U);
  EXPECT_THAT(books_.problems()[0], HasSubstr("/evidence/1.eml: octet "));
  std::ifstream kept(folder_.path() + "/evidence/1.eml", std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(kept), {}), damaged);
}

TEST_F(Planted, WhatArrivesWithoutAcknowledgementIsCountedUntilThatComes) {
  const std::uint64_t number = books_.ledger.begin();
  deliver(number);
  EXPECT_EQ(counts().unconfirmed, copies(number));
  EXPECT_EQ(counts().doubled, 0U);
  acknowledge(number);  // The reply was slower than the delivery.
  EXPECT_EQ(counts().unconfirmed, 0U);
  EXPECT_EQ(books_.ledger.outstanding(), 0U);
}

TEST_F(Planted, AMailForARecipientThatWasRefusedIsNotMissing) {
  std::uint64_t number = books_.ledger.begin();
  while (copies(number) < 2) number = books_.ledger.begin();
  books_.ledger.acknowledge(number, {1}, {});
  EXPECT_EQ(books_.ledger.outstanding(), 1U);
  EXPECT_EQ(books_.ledger.missing(1)[0].copy, (Copy{number, 1}));
}

TEST_F(Planted, StrangersAndMailsThatWereNeverSentAreCounted) {
  send(1);
  arrive("ann@local.example", "Subject: bounce\r\n\r\n");
  deliver(1);  // Not sent: begin() has not given this number yet.
  EXPECT_EQ(counts().strangers, 1 + copies(1));
  EXPECT_EQ(counts().arrived, 0U);
}

TEST_F(Planted, ListsTheOldestOfManyMissing) {
  send(1000);
  const auto missing = books_.ledger.missing(5);
  ASSERT_EQ(missing.size(), 5U);
  EXPECT_EQ(missing[0].copy.number, 0U);
  EXPECT_LE(missing[4].copy.number, 4U);
}

}  // namespace
}  // namespace veredus::torture
