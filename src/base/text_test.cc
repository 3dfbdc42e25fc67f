#include "base/text.h"

#include <gtest/gtest.h>

#include "base/cursor.h"
#include "base/ids.h"
#include "base/utf8.h"

namespace veredus {
namespace {

TEST(Text, ComparesWithoutAsciiCaseOnly) {
  EXPECT_TRUE(iequals("MAIL", "mail"));
  EXPECT_FALSE(iequals("MAIL", "MAI"));
  EXPECT_FALSE(iequals("\xC3\x84", "\xC3\xA4"));  // No locale: Latin umlauts differ.
  EXPECT_TRUE(istarts_with("From:<a@b>", "FROM:"));
  EXPECT_TRUE(iends_with("a.EXAMPLE", ".example"));
}

TEST(Text, TrimsBlanks) {
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim("  "), "");
}

TEST(Text, NumbersAreWholeOrNothing) {
  EXPECT_EQ(to_number("0"), 0U);
  EXPECT_EQ(to_number("18446744073709551615"), 18446744073709551615U);
  EXPECT_FALSE(to_number("18446744073709551616"));
  EXPECT_FALSE(to_number("-1"));
  EXPECT_FALSE(to_number(" 1"));
  EXPECT_FALSE(to_number("1x"));
  EXPECT_FALSE(to_number(""));
}

TEST(Text, PrintableHidesControlBytesAndCuts) {
  EXPECT_EQ(printable(std::string_view("a\0\r\xFF", 4)), "a\\x00\\x0D\\xFF");
  EXPECT_EQ(printable("abcdef", 3), "abc...");
}

TEST(Text, ReadableKeepsCharactersAndHidesWhatDeceives) {
  EXPECT_EQ(readable("Bo\xC3\xAEte pleine \xE2\x82\xAC \xF0\x9D\x84\x9E \\"),
            "Bo\xC3\xAEte pleine \xE2\x82\xAC \xF0\x9D\x84\x9E \\");
  EXPECT_EQ(readable(std::string_view("a\0\r\x7F\x1B[2J", 8)), "a\\x00\\x0D\\x7F\\x1B[2J");
  EXPECT_EQ(readable("\xC2\x9B \xC2\xA0"), "\\xC2\\x9B \xC2\xA0");  // C1, no-break space
  EXPECT_EQ(readable("\xE2\x80\xAE"
                     "a\xE2\x80\xA8\xE2\x81\xA9\xE2\x80\x8F\xE2\x80\x93"),
            "\\xE2\\x80\\xAEa\\xE2\\x80\\xA8\\xE2\\x81\\xA9\\xE2\\x80\\x8F\xE2\x80\x93");
  EXPECT_EQ(readable("gr\xFC\xDF\xC3"), "gr\\xFC\\xDF\\xC3");  // Latin-1, and a half
  EXPECT_EQ(readable("\xED\xA0\x80\xC0\xAF"), "\\xED\\xA0\\x80\\xC0\\xAF");
  EXPECT_EQ(readable("abcdef", 3), "abc...");
  EXPECT_EQ(readable("ab\xC3\xA4", 3), "ab...") << "no character is cut in two";
  EXPECT_EQ(readable("ab\xC3\xA4", 4), "ab\xC3\xA4");
}

TEST(Utf8, IsCheckedFromEndToEnd) {
  EXPECT_TRUE(is_utf8("") && is_utf8("a\xC3\xA4\xE2\x82\xAC\xF0\x9D\x84\x9E"));
  for (const char* bad : {"\x80", "\xC0\xAF", "\xC3", "\xE0\x80\xAF", "\xED\xA0\x80",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "a\xE2\x82"})
    EXPECT_FALSE(is_utf8(bad)) << bad;
  EXPECT_EQ(leading_character_octets("\xE2\x82\xAC"
                                     "a"),
            3U);
  EXPECT_EQ(leading_character_octets(""), 0U);
}

TEST(Cursor, ConsumesWhatItMatchedOrNothing) {
  Cursor in("Ab12 rest");
  EXPECT_FALSE(in.eat("ab"));
  EXPECT_EQ(in.position(), 0U);
  EXPECT_TRUE(in.ieat("ab"));
  EXPECT_EQ(in.take_while(is_digit), "12");
  EXPECT_FALSE(in.eat('x'));
  EXPECT_TRUE(in.eat(' '));
  EXPECT_EQ(in.take(100), "rest");
  EXPECT_TRUE(in.done());
}

TEST(Ids, TextReadsBackAndSorts) {
  const QueueId small{1};
  const QueueId large{~std::uint64_t{0}};
  EXPECT_EQ(text(small), "0000000000001");
  EXPECT_EQ(text(large).size(), 13U);
  EXPECT_LT(text(small), text(large));
  EXPECT_EQ(parse_queue_id(text(large)), large);
  EXPECT_EQ(parse_queue_id(ascii_lower(text(large))), large);
  EXPECT_FALSE(parse_queue_id("ZZZZZZZZZZZZZ"));  // 65 bits
  EXPECT_FALSE(parse_queue_id("000000000000U"));
  EXPECT_FALSE(parse_queue_id("1"));
}

}  // namespace
}  // namespace veredus
