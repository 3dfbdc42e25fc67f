#include "main/bench/receiver.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace veredus::bench {
namespace {

constexpr std::string_view kDialogue =
    "EHLO client.example\r\n"
    "MAIL FROM:<a@client.example>\r\nRCPT TO:<b@far.example>\r\nDATA\r\n"
    "Subject: x\r\n\r\n..\r\nQUIT\r\n.\r\n"
    "MAIL FROM:<>\r\nrcpt TO:<b@far.example>\r\nRCPT TO:<c@far.example>\r\nDATA\r\n"
    ".\r\n"
    "NOOP\r\nRSET\r\nQUIT\r\n";
constexpr std::string_view kReplies =
    "250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 HELP\r\n"
    "250 2.0.0 Ok\r\n250 2.0.0 Ok\r\n354 Go on\r\n"
    "250 2.0.0 Ok\r\n"
    "250 2.0.0 Ok\r\n250 2.0.0 Ok\r\n250 2.0.0 Ok\r\n354 Go on\r\n"
    "250 2.0.0 Ok\r\n"
    "250 2.0.0 Ok\r\n250 2.0.0 Ok\r\n221 2.0.0 Bye\r\n";

class ReceiverTest : public testing::Test {
 protected:
  Receiver receiver(bool offers_tls = false) {
    return Receiver({.offers_tls = offers_tls, .messages = messages_, .recipients = recipients_});
  }
  static std::string replies_to(Receiver& receiver, std::string_view input) {
    std::string replies;
    EXPECT_EQ(receiver.feed(input, replies), input.size());
    return replies;
  }

  Refusals messages_{0, 1};
  Refusals recipients_{0, 1};
};

TEST_F(ReceiverTest, AnswersTheSameWhereverTheInputIsCut) {
  for (std::size_t cut = 0; cut <= kDialogue.size(); ++cut) {
    Receiver receiver = this->receiver();
    std::string replies;
    const std::size_t used = receiver.feed(kDialogue.substr(0, cut), replies);
    ASSERT_LE(used, cut);
    EXPECT_EQ(receiver.feed(kDialogue.substr(used), replies), kDialogue.size() - used) << cut;
    EXPECT_EQ(replies, kReplies) << cut;
    EXPECT_EQ(receiver.taken(), 2U);
    EXPECT_TRUE(receiver.is_over());
  }
}

TEST_F(ReceiverTest, KeepsTheOrderOfCommands) {
  Receiver receiver = this->receiver();
  EXPECT_TRUE(replies_to(receiver, "MAIL FROM:<>\r\n").starts_with("503"));
  replies_to(receiver, "EHLO x\r\n");
  EXPECT_TRUE(replies_to(receiver, "RCPT TO:<b@far.example>\r\n").starts_with("503"));
  EXPECT_TRUE(replies_to(receiver, "DATA\r\n").starts_with("503"));
  EXPECT_TRUE(replies_to(receiver, "STARTTLS\r\n").starts_with("502"));
  EXPECT_TRUE(replies_to(receiver, "WHAT\r\n").starts_with("500"));
  EXPECT_EQ(receiver.taken(), 0U);
}

TEST_F(ReceiverTest, ARefusedRecipientLeavesNothingForData) {
  Refusals all(1, 1);
  Receiver receiver({.messages = messages_, .recipients = all});
  replies_to(receiver, "EHLO x\r\nMAIL FROM:<>\r\n");
  const std::string replies = replies_to(receiver, "RCPT TO:<b@far.example>\r\nDATA\r\n");
  EXPECT_TRUE(replies.starts_with("550 5.1.1 ")) << replies;
  EXPECT_NE(replies.find("\r\n503 "), std::string::npos) << replies;
}

TEST_F(ReceiverTest, ARefusedMessageIsNotTaken) {
  Refusals all(1, 1);
  Receiver receiver({.messages = all, .recipients = recipients_});
  const std::string replies = replies_to(
      receiver,
      "EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<b@far.example>\r\nDATA\r\n.\r\nMAIL FROM:<>\r\n");
  EXPECT_NE(replies.find("\r\n451 4.3.0 "), std::string::npos) << replies;
  EXPECT_TRUE(replies.ends_with("250 2.0.0 Ok\r\n"));
  EXPECT_EQ(receiver.taken(), 0U);
}

TEST_F(ReceiverTest, StopsBehindStartTlsAndForgetsWhatCameBefore) {
  Receiver receiver = this->receiver(true);
  EXPECT_TRUE(replies_to(receiver, "EHLO x\r\n").ends_with("250 STARTTLS\r\n"));
  std::string replies;
  EXPECT_EQ(receiver.feed("STARTTLS\r\nMAIL FROM:<>\r\n", replies), 10U);
  EXPECT_TRUE(receiver.wants_tls());
  receiver.tls_started();
  EXPECT_FALSE(receiver.wants_tls());
  EXPECT_TRUE(replies_to(receiver, "MAIL FROM:<>\r\n").starts_with("503"));
  EXPECT_TRUE(replies_to(receiver, "EHLO x\r\n").ends_with("250 HELP\r\n"));
}

std::vector<bool> first(Refusals& refusals, int count) {
  std::vector<bool> answers;
  for (int i = 0; i < count; ++i) answers.push_back(refusals.is_next());
  return answers;
}

TEST(Refusals, AreTheShareAskedForAndTheSameForTheSameSeed) {
  for (const double share : {0.01, 0.25, 0.9}) {
    Refusals one(share, 7);
    Refusals same(share, 7);
    Refusals other(share, 8);
    const std::vector<bool> answers = first(one, 20'000);
    EXPECT_EQ(answers, first(same, 20'000));
    EXPECT_NE(answers, first(other, 20'000));
    const auto refused = static_cast<double>(std::ranges::count(answers, true));
    EXPECT_NEAR(refused / 20'000, share, 0.01);
  }
}

TEST(Refusals, OfNoneAndOfAll) {
  Refusals none(0, 7);
  Refusals all(1, 7);
  EXPECT_EQ(first(none, 1000), std::vector<bool>(1000, false));
  EXPECT_EQ(first(all, 1000), std::vector<bool>(1000, true));
}

}  // namespace
}  // namespace veredus::bench
