#include "main/bench/message_end.h"

#include <cstdint>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "wire/smtp/data_decoder.h"

namespace veredus::bench {
namespace {

constexpr std::string_view kMessage = "Subject: x\r\n\r\nA. b.\r\n..\r\n.c\r\n\r.\n.\r.\r\n.\r\n";

TEST(MessageEnd, IsFoundWhereverTheStreamIsCut) {
  const std::string stream = std::string(kMessage) + "MAIL";
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    MessageEnd end;
    const MessageEnd::Step first = end.feed(std::string_view(stream).substr(0, cut));
    EXPECT_EQ(first.complete, cut >= kMessage.size()) << cut;
    EXPECT_EQ(first.consumed, std::min(cut, kMessage.size())) << cut;
    if (first.complete) continue;
    const MessageEnd::Step second = end.feed(std::string_view(stream).substr(cut));
    EXPECT_TRUE(second.complete) << cut;
    EXPECT_EQ(cut + second.consumed, kMessage.size()) << cut;
  }
}

TEST(MessageEnd, IsFoundOctetByOctetAndThenAgain) {
  MessageEnd end;
  for (int message = 0; message < 2; ++message)
    for (std::size_t i = 0; i < kMessage.size(); ++i)
      EXPECT_EQ(end.feed(kMessage.substr(i, 1)).complete, i + 1 == kMessage.size()) << i;
}

TEST(MessageEnd, OfAnEmptyMessageIsTheDotAlone) {
  MessageEnd end;
  EXPECT_TRUE(end.feed(".\r\n").complete);
}

TEST(MessageEnd, IsWhereTheServersDecoderSeesIt) {
  constexpr std::string_view kOctets = "\r\n.x";
  std::mt19937 random(1);
  const auto below = [&random](std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
  };
  int complete = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string stream;
    while (stream.size() < 40)
      stream += below(4) == 0 ? "\r\n." : std::string(1, kOctets[below(kOctets.size())]);
    std::string decoded;
    const auto expected = smtp::DataDecoder().feed(stream, decoded);
    const std::size_t cut = below(stream.size());
    MessageEnd end;
    auto got = end.feed(std::string_view(stream).substr(0, cut));
    if (!got.complete) {
      got = end.feed(std::string_view(stream).substr(cut));
      got.consumed += cut;
    }
    ASSERT_EQ(got.complete, expected.complete) << testing::PrintToString(stream) << " at " << cut;
    ASSERT_EQ(got.consumed, expected.consumed) << testing::PrintToString(stream) << " at " << cut;
    complete += got.complete ? 1 : 0;
  }
  EXPECT_GT(complete, 1000);
}

}  // namespace
}  // namespace veredus::bench
