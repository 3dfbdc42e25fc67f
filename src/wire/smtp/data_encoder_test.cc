#include "wire/smtp/data_encoder.h"

#include <cstdlib>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "base/text.h"
#include "wire/smtp/data_decoder.h"

namespace veredus::smtp {
namespace {

std::string encode_in_chunks(std::string_view message, std::size_t cut, std::size_t step) {
  DataEncoder encoder;
  std::string wire;
  for (std::size_t at = 0; at < message.size();) {
    const std::string_view chunk = message.substr(at, at < cut ? cut - at : step);
    std::vector<std::string_view> pieces;
    encoder.encode(chunk, pieces);
    for (const std::string_view piece : pieces) wire += piece;
    at += chunk.size();
  }
  return wire += encoder.finish();
}

/// Encodes `message` cut at every place and octet by octet; all must agree.
std::string encode(std::string_view message) {
  const std::string whole = encode_data(message);
  EXPECT_EQ(encode_in_chunks(message, 0, 1), whole) << printable(message);
  for (std::size_t cut = 1; cut < message.size(); ++cut)
    EXPECT_EQ(encode_in_chunks(message, cut, message.size()), whole)
        << printable(message) << " cut at " << cut;
  return whole;
}

struct Case {
  const char* name;
  std::string_view message;
  std::string_view wire;
};
class Encoder : public testing::TestWithParam<Case> {};

TEST_P(Encoder, WhateverTheCut) { EXPECT_EQ(encode(GetParam().message), GetParam().wire); }

INSTANTIATE_TEST_SUITE_P(
    Rfc5321Section452, Encoder,
    testing::Values(Case{"empty", "", ".\r\n"}, Case{"line", "a\r\n", "a\r\n.\r\n"},
                    Case{"open_line", "a", "a\r\n.\r\n"}, Case{"dot", ".", "..\r\n.\r\n"},
                    Case{"dot_line", "a\r\n.\r\nb\r\n", "a\r\n..\r\nb\r\n.\r\n"},
                    Case{"dots", "..\r\n", "...\r\n.\r\n"},
                    Case{"dot_inside", "a.b\r\n", "a.b\r\n.\r\n"},
                    Case{"blank_lines", "\r\n\r\n", "\r\n\r\n.\r\n"},
                    Case{"bare_lf", "a\n.\nb", "a\r\n..\r\nb\r\n.\r\n"},
                    Case{"bare_cr", "a\r.\rb", "a\r\n..\r\nb\r\n.\r\n"},
                    Case{"cr_last", "a\r", "a\r\n.\r\n"},
                    Case{"cr_cr_lf", "a\r\r\n", "a\r\n\r\n.\r\n"},
                    Case{"lf_cr", "a\n\r.", "a\r\n\r\n..\r\n.\r\n"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Encoder, DoesNotCopy) {
  const std::string chunk = "Subject: x\r\n\r\nhello. world\r\n";
  DataEncoder encoder;
  std::vector<std::string_view> pieces;
  encoder.encode(chunk, pieces);
  ASSERT_EQ(pieces.size(), 1U);
  EXPECT_EQ(pieces.front().data(), chunk.data());
  EXPECT_EQ(pieces.front(), chunk);
  EXPECT_FALSE(encoder.has_converted());
}

TEST(Encoder, IsReadyForTheNextMessage) {
  DataEncoder encoder;
  std::vector<std::string_view> pieces;
  encoder.encode("a\nb", pieces);
  EXPECT_TRUE(encoder.has_converted());
  EXPECT_EQ(encoder.finish(), "\r\n.\r\n");
  EXPECT_FALSE(encoder.has_converted());
  EXPECT_EQ(encoder.finish(), ".\r\n");
}

TEST(Encoder, EveryShortMessageIsSafeAndReadsBack) {
  constexpr std::string_view kAlphabet = "\r\n.a";
  for (std::size_t length = 0; length <= 7; ++length) {
    for (std::size_t number = 0; number < std::size_t{1} << (2 * length); ++number) {
      std::string message;
      for (std::size_t i = 0; i < length; ++i) message += kAlphabet[(number >> (2 * i)) & 3];
      const std::string wire = encode_data(message);
      DataDecoder decoder;
      std::string back;
      const auto step = decoder.feed(wire, back);
      ASSERT_TRUE(step.complete && step.consumed == wire.size()) << printable(message);
      ASSERT_FALSE(decoder.has_bare_newline()) << printable(message);
      ASSERT_EQ(encode_data(back), wire) << printable(message);
    }
  }
}

TEST(Encoder, DecoderUndoesIt) {
  const char* given = std::getenv("VEREDUS_SEED");
  const std::uint64_t seed =
      given != nullptr ? to_number(given).value_or(1) : std::random_device()();
  SCOPED_TRACE("replay with VEREDUS_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto below = [&random](std::size_t limit) { return std::size_t(random() % limit); };
  for (int round = 0; round < 500; ++round) {
    std::string message;
    for (std::size_t lines = below(40); lines > 0; --lines) {
      if (below(3) == 0) message.append(1 + below(3), '.');
      for (std::size_t octets = below(100); octets > 0; --octets) {
        const char c = static_cast<char>(random());
        message += c == '\r' || c == '\n' ? '.' : c;
      }
      message += "\r\n";
    }
    const std::string wire = encode_in_chunks(message, below(50), 1 + below(200));
    DataDecoder decoder;
    std::string back;
    for (std::size_t at = 0; at < wire.size();)
      at += decoder.feed(std::string_view(wire).substr(at, 1 + below(100)), back).consumed;
    ASSERT_EQ(back, message);
    ASSERT_FALSE(decoder.has_bare_newline());
  }
}

}  // namespace
}  // namespace veredus::smtp
