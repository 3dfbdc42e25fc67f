#include "wire/mime/encoded_word.h"

#include <gtest/gtest.h>

#include "wire/mime/charset.h"
#include "wire/mime/message_id.h"

namespace veredus::mime {
namespace {

struct WordCase {
  const char* name;
  std::string_view text;
  std::string_view want;
};
class DecodeWords : public testing::TestWithParam<WordCase> {};

TEST_P(DecodeWords, GivesUtf8) { EXPECT_EQ(decode_words(GetParam().text), GetParam().want); }

INSTANTIATE_TEST_SUITE_P(
    Rfc2047, DecodeWords,
    testing::Values(WordCase{"none", "plain text", "plain text"},
                    WordCase{"q", "=?iso-8859-1?Q?a=E4_b?=", "a\xC3\xA4 b"},
                    WordCase{"b", "=?UTF-8?b?w6Q=?=", "\xC3\xA4"},
                    WordCase{"language", "=?us-ascii*en?q?a?=", "a"},
                    WordCase{"space_between_words", "=?utf-8?q?a?= \r\n =?utf-8?q?b?=", "ab"},
                    WordCase{"space_before_text", "=?utf-8?q?a?= b", "a b"},
                    WordCase{"character_cut_in_two",
                             "=?utf-8?q?=C3?= =?utf-8?b?pA==?=", "\xC3\xA4"},
                    WordCase{"other_charset", "=?utf-8?q?a?= =?iso-8859-1?q?=E4?=", "a\xC3\xA4"},
                    WordCase{"glued", "[x]=?utf-8?q?a?=y", "[x]ay"},
                    WordCase{"unknown_charset", "=?x-none?q?a?=", "=?x-none?q?a?="},
                    WordCase{"iconv_extension", "=?utf-8//IGNORE?q?a?=", "=?utf-8//IGNORE?q?a?="},
                    WordCase{"bad_encoding", "=?utf-8?z?a?=", "=?utf-8?z?a?="},
                    WordCase{"open", "=?utf-8?q?a", "=?utf-8?q?a"},
                    WordCase{"bad_octets", "=?utf-8?q?=FFa?=",
                             "\xEF\xBF\xBD"
                             "a"},
                    WordCase{"unfolds", "a\r\n b", "a b"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Charset, ConvertsAndChecks) {
  EXPECT_EQ(to_utf8("\xE4", "ISO-8859-1"), "\xC3\xA4");
  EXPECT_EQ(to_utf8("\x1B$B", "iso-2022-jp"), "");
  EXPECT_EQ(to_utf8("a", ""), std::nullopt);
  EXPECT_TRUE(is_ascii("\x7F"));
  EXPECT_FALSE(is_ascii("a\x80"));
}

TEST(MessageId, IsMadeAndRead) {
  using namespace std::chrono_literals;
  const std::string made = make_message_id(std::chrono::sys_seconds(0x10s), 0xAB, "h.example");
  EXPECT_EQ(made, "<10.00000000000000ab@h.example>");
  EXPECT_EQ(parse_message_id(made).value(), "10.00000000000000ab@h.example");
  EXPECT_EQ(parse_message_id(" (c) <a . b (x) @ c> (d)").value(), "a.b@c");
  EXPECT_EQ(parse_message_id("<\"a>b\"@c>").value(), "\"a>b\"@c");
  for (const char* bad : {"", "a@b", "<a@b", "<>", "( <a@b>"})
    EXPECT_FALSE(parse_message_id(bad)) << bad;
  EXPECT_EQ(message_ids("<a@b> junk <c@d>\r\n <e@f>"),
            (std::vector<std::string>{"a@b", "c@d", "e@f"}));
  EXPECT_EQ(message_ids(" a@b "), std::vector<std::string>{"a@b"});
  EXPECT_EQ(message_ids("<a@b><c@d>", 1).size(), 1U);
}

}  // namespace
}  // namespace veredus::mime
