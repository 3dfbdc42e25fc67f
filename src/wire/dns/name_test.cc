#include "wire/dns/name.h"

#include <gtest/gtest.h>

namespace veredus::dns {
namespace {

using namespace std::string_literals;

struct NameCase {
  const char* name;
  std::string wire;
  std::string text;  ///< Or "!" and the start of the error.
};
class Decode : public testing::TestWithParam<NameCase> {};

TEST_P(Decode, GivesTextOrSaysWhy) {
  const NameCase& c = GetParam();
  const auto got = decode_name(c.wire);
  if (c.text.starts_with('!')) {
    ASSERT_FALSE(got);
    EXPECT_TRUE(got.error().text().starts_with(c.text.substr(1))) << got.error().text();
    return;
  }
  ASSERT_TRUE(got) << got.error().text();
  EXPECT_EQ(got->text, c.text);
  EXPECT_EQ(got->octets, c.wire.size());
}

INSTANTIATE_TEST_SUITE_P(Rfc1035Section31, Decode,
                         testing::Values(NameCase{"root", "\0"s, ""},
                                         NameCase{"one_label", "\3com\0"s, "com"},
                                         NameCase{"lower_case", "\2Mx\7EXAMPLE\0"s, "mx.example"},
                                         NameCase{"underscore", "\3_25\4_tcp\1x\0"s, "_25._tcp.x"},
                                         NameCase{"dot_in_label", "\3a.b\1c\0"s, "a\\.b.c"},
                                         NameCase{"backslash", "\3a\\b\0"s, "a\\\\b"},
                                         NameCase{"odd_octets", "\3a \xFF\0"s, "a\\032\\255"},
                                         NameCase{"longest_label",
                                                  "\x3F"s + std::string(63, 'a') + "\0"s,
                                                  std::string(63, 'a')},
                                         NameCase{"nothing", "", "!domain name cut short"},
                                         NameCase{"no_root", "\1a"s, "!domain name cut short"},
                                         NameCase{"label_cut", "\5abc"s, "!domain name cut short"},
                                         NameCase{"pointer", "\xC0\x0C"s, "!compressed"}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Decode, TakesExactly255Octets) {
  std::string wire;
  for (int i = 0; i < 127; ++i) wire += "\1a";
  const auto longest = decode_name(wire + "\0"s);
  ASSERT_TRUE(longest);
  EXPECT_EQ(longest->octets, kNameOctetsMax);
  EXPECT_EQ(encode_name(longest->text).value(), wire + "\0"s);
  EXPECT_EQ(decode_name("\1b" + wire + "\0"s).error().text(), "domain name over 255 octets");
}

TEST(Decode, LeavesWhatFollows) { EXPECT_EQ(decode_name("\1a\0rest"s)->octets, 3U); }

TEST(Encode, TakesNamesWithAndWithoutTrailingDot) {
  EXPECT_EQ(encode_name("").value(), "\0"s);
  EXPECT_EQ(encode_name(".").value(), "\0"s);
  EXPECT_EQ(encode_name("Example.COM").value(), "\7example\3com\0"s);
  EXPECT_EQ(encode_name("example.com.").value(), "\7example\3com\0"s);
  EXPECT_EQ(encode_name("a\\.b\\032.c").value(), "\4a.b \1c\0"s);
}

TEST(Encode, RefusesWhatHasNoWireForm) {
  for (const std::string& text :
       {".."s, ".a"s, "a..b"s, "a\\"s, "a\\25"s, "a\\256"s, std::string(64, 'a')})
    EXPECT_FALSE(encode_name(text)) << text;
  std::string over;
  for (int i = 0; i < 128; ++i) over += "a.";
  EXPECT_FALSE(encode_name(over));
}

}  // namespace
}  // namespace veredus::dns
