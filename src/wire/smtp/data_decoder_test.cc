#include "wire/smtp/data_decoder.h"

#include <string>

#include <gtest/gtest.h>

#include "base/text.h"

namespace veredus::smtp {
namespace {

struct Decoded {
  std::string message;
  std::string left;  ///< What followed the end.
  bool complete = false;
  bool bare = false;

  friend bool operator==(const Decoded&, const Decoded&) = default;
};

std::ostream& operator<<(std::ostream& out, const Decoded& d) {
  return out << '"' << printable(d.message) << "\" left \"" << printable(d.left) << "\" "
             << (d.complete ? "complete" : "open") << (d.bare ? " bare" : "");
}

/// Decodes `wire` cut into two chunks at every place, and octet by octet; all must agree.
Decoded decode(std::string_view wire, BareNewline tolerance = BareNewline::refuse) {
  const auto in_steps = [&](std::size_t cut, std::size_t step) {
    DataDecoder decoder(tolerance);
    Decoded got;
    std::size_t at = 0;
    while (at < wire.size() && !got.complete) {
      const std::size_t size = at < cut ? cut - at : step;
      const auto fed = decoder.feed(wire.substr(at, size), got.message);
      at += fed.consumed;
      got.complete = fed.complete;
    }
    got.left = wire.substr(at);
    got.bare = decoder.has_bare_newline();
    return got;
  };
  const Decoded whole = in_steps(0, wire.size());
  EXPECT_EQ(in_steps(0, 1), whole) << printable(wire);
  for (std::size_t cut = 1; cut < wire.size(); ++cut)
    EXPECT_EQ(in_steps(cut, wire.size()), whole) << printable(wire) << " cut at " << cut;
  return whole;
}

struct Case {
  const char* name;
  std::string_view wire;
  Decoded want;
};
class Decoder : public testing::TestWithParam<Case> {};

TEST_P(Decoder, WhateverTheCut) { EXPECT_EQ(decode(GetParam().wire), GetParam().want); }

INSTANTIATE_TEST_SUITE_P(
    Rfc5321Section452, Decoder,
    testing::Values(Case{"empty", ".\r\n", {"", "", true}},
                    Case{"one_line", "a\r\n.\r\n", {"a\r\n", "", true}},
                    Case{"blank_line", "\r\n.\r\n", {"\r\n", "", true}},
                    Case{"pipelined", "a\r\n.\r\nQUIT\r\n", {"a\r\n", "QUIT\r\n", true}},
                    Case{"stuffed", "..a\r\n.\r\n", {".a\r\n", "", true}},
                    Case{"stuffed_dot", "a\r\n..\r\n.\r\n", {"a\r\n.\r\n", "", true}},
                    Case{"stray_dot", ".a\r\n.\r\n", {"a\r\n", "", true}},
                    Case{"dots_inside", "a.b..\r\n.\r\n", {"a.b..\r\n", "", true}},
                    Case{"open", "a\r\nb", {"a\r\nb", "", false}},
                    Case{"open_at_dot", "a\r\n.", {"a\r\n", "", false}},
                    Case{"lf_dot_lf", "a\n.\nb\r\n.\r\n", {"a\n.\nb\r\n", "", true, true}},
                    Case{"lf_dot_crlf", "a\n.\r\nb\r\n.\r\n", {"a\n.\r\nb\r\n", "", true, true}},
                    Case{"crlf_dot_lf", "a\r\n.\nb\r\n.\r\n", {"a\r\n\nb\r\n", "", true, true}},
                    Case{"cr_dot_cr", "a\r.\rb\r\n.\r\n", {"a\r.\rb\r\n", "", true, true}},
                    Case{"crlf_dot_cr", "a\r\n.\rb\r\n.\r\n", {"a\r\n\rb\r\n", "", true, true}},
                    Case{"cr_cr_lf", "a\r\r\n.\r\n", {"a\r\r\n", "", true, true}},
                    Case{"crlf_dot_cr_crlf", "a\r\n.\r\r\n.\r\n", {"a\r\n\r\r\n", "", true, true}},
                    Case{"lone_cr_first", "\r.\r\n.\r\n", {"\r.\r\n", "", true, true}},
                    Case{"many_crs", "\r\r\r\r\r\n.\r\n", {"\r\r\r\r\r\n", "", true, true}}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Decoder, ToleranceConvertsButNeverEnds) {
  EXPECT_EQ(decode("a\nb\rc\r\n.\r\n", BareNewline::convert),
            (Decoded{"a\r\nb\r\nc\r\n", "", true, true}));
  // The dot after a bare LF is no end of ours and stays, to be stuffed when it goes on.
  EXPECT_EQ(decode("a\n.\nMAIL\r\n.\r\n", BareNewline::convert),
            (Decoded{"a\r\n.\r\nMAIL\r\n", "", true, true}));
  EXPECT_EQ(decode("a\n.\r\nx\r\n.\r\n", BareNewline::convert),
            (Decoded{"a\r\n.\r\nx\r\n", "", true, true}));
  EXPECT_EQ(decode("\r\r\n.\r\n", BareNewline::convert), (Decoded{"\r\n\r\n", "", true, true}));
}

/// Every text of up to seven octets over {CR, LF, '.', 'a'}, against the plainest definition.
TEST(Decoder, EndsExactlyWhereTheRfcSays) {
  constexpr std::string_view kAlphabet = "\r\n.a";
  for (std::size_t length = 0; length <= 7; ++length) {
    for (std::size_t number = 0; number < std::size_t{1} << (2 * length); ++number) {
      std::string wire;
      for (std::size_t i = 0; i < length; ++i) wire += kAlphabet[(number >> (2 * i)) & 3];
      // DATA's own CRLF counts as the one before the first line (RFC 5321 §4.1.1.4).
      const std::size_t end = ("\r\n" + wire).find("\r\n.\r\n");
      DataDecoder decoder;
      std::string message;
      const auto step = decoder.feed(wire, message);
      ASSERT_EQ(step.complete, end != std::string::npos) << printable(wire);
      if (step.complete) {
        ASSERT_EQ(step.consumed, end + 3) << printable(wire);
      }
    }
  }
}

TEST(Decoder, ReportsWhatItSaw) {
  DataDecoder decoder;
  std::string out;
  decoder.feed("short\r\na longer line\r\n", out);
  EXPECT_FALSE(decoder.has_nul() || decoder.has_8bit() || decoder.has_bare_newline());
  EXPECT_EQ(decoder.longest_line_octets(), 15U);
  decoder.feed(std::string_view("a\0b\r\n", 5), out);
  EXPECT_TRUE(decoder.has_nul());
  decoder.feed("\xC3\xBC\r\n.\r\n", out);
  EXPECT_TRUE(decoder.has_8bit());
}

TEST(Decoder, WhatFollowsTheEndIsNotJudged) {
  DataDecoder decoder;
  std::string out;
  const auto step = decoder.feed(std::string_view("a\r\n.\r\n\0\xFF\n", 9), out);
  EXPECT_TRUE(step.complete);
  EXPECT_EQ(step.consumed, 6U);
  EXPECT_FALSE(decoder.has_nul() || decoder.has_8bit() || decoder.has_bare_newline());
}

TEST(Decoder, LongestLineCountsAcrossChunks) {
  DataDecoder decoder;
  std::string out;
  for (int i = 0; i < 10; ++i) decoder.feed("0123456789", out);
  EXPECT_EQ(decoder.longest_line_octets(), 100U);
  decoder.feed("\r", out);
  decoder.feed("\n.\r\n", out);
  EXPECT_EQ(decoder.longest_line_octets(), 102U);
}

}  // namespace
}  // namespace veredus::smtp
