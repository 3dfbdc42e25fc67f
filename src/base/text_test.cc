#include "base/text.h"

#include <gtest/gtest.h>

#include "base/cursor.h"
#include "base/ids.h"

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
