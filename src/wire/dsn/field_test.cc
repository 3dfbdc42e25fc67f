#include "wire/dsn/field.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "wire/mime/header.h"

namespace veredus::dsn {
namespace {

std::string field(std::string_view value) {
  std::string out;
  append_field(out, "Name", value);
  return out;
}

/// What a reader makes of it.
std::string read_back(std::string_view text) {
  const mime::Header header = mime::scan_header(text);
  EXPECT_EQ(header.fields.size(), 1U) << text;
  EXPECT_EQ(header.end_offset, text.size());
  return header.fields.empty() ? "" : mime::unfold(header.fields.front().body);
}

TEST(OneLine, JoinsAndEscapes) {
  EXPECT_EQ(one_line("  a \r\n\t b\n\nc  "), "a b c");
  EXPECT_EQ(one_line("a\x01\xff"), "a\\x01\\xFF");
  EXPECT_EQ(one_line("abcdef", 3), "abc...");
  EXPECT_EQ(one_line(""), "");
}

TEST(AppendField, FoldsBeforeSpaces) {
  EXPECT_EQ(field("value"), "Name: value\r\n");
  EXPECT_EQ(field(""), "Name:\r\n");
  const std::string words(70, 'x');
  EXPECT_EQ(field(words + " second third"), "Name: " + words + "\r\n second third\r\n");
}

TEST(AppendField, UnfoldingGivesTheValueBack) {
  for (std::size_t length = 0; length < 40; ++length) {
    const std::string value = "a" + std::string(length, ' ') + std::string(60, 'b') + "  c d  " +
                              std::string(length * 2, 'e') + " f";
    EXPECT_EQ(read_back(field(value)), value);
  }
}

TEST(AppendField, NoValueMakesALineOfItsOwn) {
  EXPECT_EQ(field("a\r\nBcc: b"), "Name: a\\x0D\\x0ABcc: b\r\n");
  const std::string long_word(5000, 'w');
  const std::string folded = field(long_word + " " + long_word);
  std::size_t at = 0;
  for (std::size_t end = 0; (end = folded.find("\r\n", at)) != folded.npos; at = end + 2) {
    EXPECT_LE(end - at, 998U);
    EXPECT_TRUE(at == 0 || folded[at] == ' ');
  }
}

}  // namespace
}  // namespace veredus::dsn
