#include "main/bench/mailing.h"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/smtp/data_decoder.h"

namespace veredus::bench {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

MailingOrder order() {
  return {.sender = "a@client.example", .recipient = "you@far.example", .octets = 100, .run = 7};
}

std::string rcpt(const Mailing& mailing, std::uint64_t number) {
  std::string line;
  mailing.add_rcpt(number, line);
  return line;
}

TEST(Filler, IsAsLongAsAskedInLinesOfTextAlone) {
  for (std::uint64_t octets = 0; octets < 500; ++octets) {
    const std::string text = filler(octets);
    EXPECT_EQ(text.size(), octets);
    if (octets < 2) continue;
    EXPECT_TRUE(text.ends_with("\r\n")) << octets;
    EXPECT_EQ(std::ranges::count(text, '\r'), std::ranges::count(text, '\n')) << octets;
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = text.find("\r\n", begin);
      EXPECT_LE(end - begin, 78U) << octets;
      begin = end + 2;
    }
  }
}

TEST(Mailing, IsAMessageWithTheTextAskedFor) {
  const Mailing mailing(order(), WallTime(std::chrono::seconds(1'700'000'000)));
  EXPECT_EQ(mailing.mail(), "MAIL FROM:<a@client.example>\r\n");
  EXPECT_EQ(rcpt(mailing, 5), "RCPT TO:<you@far.example>\r\n");
  const std::string wire = mailing.message_id(3) + std::string(mailing.rest());
  std::string message;
  smtp::DataDecoder decoder;
  const auto step = decoder.feed(wire, message);
  EXPECT_TRUE(step.complete);
  EXPECT_EQ(step.consumed, wire.size());
  EXPECT_FALSE(decoder.has_bare_newline());
  EXPECT_THAT(message, StartsWith("Message-ID: <0000000000000007.000000000003@far.example>\r\n"));
  EXPECT_THAT(message, HasSubstr("\r\nTo: <you@far.example>\r\n"
                                 "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"));
  EXPECT_EQ(message.substr(message.find("\r\n\r\n") + 4), filler(100));
}

TEST(Mailing, GoesRoundTheDomains) {
  MailingOrder wanted = order();
  wanted.domains = 3;
  const Mailing mailing(wanted, WallTime());
  EXPECT_EQ(rcpt(mailing, 0), "RCPT TO:<you@d0.far.example>\r\n");
  EXPECT_EQ(rcpt(mailing, 5), "RCPT TO:<you@d2.far.example>\r\n");
}

TEST(Mailing, NoTwoMessagesHaveTheSameId) {
  const Mailing mailing(order(), WallTime());
  EXPECT_NE(mailing.message_id(1), mailing.message_id(2));
  EXPECT_EQ(mailing.message_id(1).size(), mailing.message_id(999'999'999).size());
}

}  // namespace
}  // namespace veredus::bench
