// The verifier itself is tried: each kind of loss is planted and must be found.

#include "main/torture/ledger.h"

#include <fstream>
#include <iterator>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temporary_folder.h"
#include "main/torture/books.h"

namespace veredus::torture {
namespace {

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
  /// The mail arrives for every recipient.
  void deliver(std::uint64_t number) {
    const Mail mail = books_.maker.make(number);
    for (const std::string& recipient : mail.recipients) arrive(recipient, mail.text);
  }
  void arrive(const std::string& recipient, const std::string& text) {
    books_.book(books_.maker.judge(recipient, text), text);
  }
  std::uint64_t copies(std::uint64_t number) const {
    return books_.maker.recipients(number).size();
  }
  const Counts& counts() const { return books_.ledger.counts(); }

  io::TemporaryFolder folder_;
  Books books_{MailMaker(20260105), folder_.path() + "/evidence"};
};

TEST_F(Planted, NothingIsMissingWhenEverythingCame) {
  send(100);
  for (std::uint64_t number = 100; number-- > 0;) deliver(number);
  EXPECT_EQ(counts().messages, 100U);
  EXPECT_EQ(counts().arrived, counts().acknowledged);
  EXPECT_EQ(books_.ledger.outstanding(), 0U);
  EXPECT_EQ(counts().doubled + counts().unconfirmed + counts().changed + counts().strangers, 0U);
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
