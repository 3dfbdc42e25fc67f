#include "wire/mime/header.h"

#include <gtest/gtest.h>

namespace veredus::mime {
namespace {

/// "name=body;..." then "|" and the body of the message; "!" when there is no empty line.
std::string shown(std::string_view message) {
  const Header header = scan_header(message);
  std::string out;
  for (const Field& field : header.fields) {
    EXPECT_EQ(message.substr(field.offset, field.name.size()), field.name);
    out += std::string(field.name) + "=" + std::string(field.body) + ";";
  }
  return out + (header.has_empty_line ? "|" : "!") +
         std::string(message.substr(header.body_offset));
}

struct HeaderCase {
  const char* name;
  std::string_view message;
  std::string_view want;
};
class ScanHeader : public testing::TestWithParam<HeaderCase> {};

TEST_P(ScanHeader, FindsFieldsAndBody) { EXPECT_EQ(shown(GetParam().message), GetParam().want); }

INSTANTIATE_TEST_SUITE_P(
    Rfc5322Section2, ScanHeader,
    testing::Values(HeaderCase{"plain", "A: 1\r\nB: 2\r\n\r\nbody", "A= 1;B= 2;|body"},
                    HeaderCase{"bare_lf", "A: 1\nB: 2\n\nbody", "A= 1;B= 2;|body"},
                    HeaderCase{"folded", "A: 1\r\n\t2\r\n 3\r\n\r\n", "A= 1\r\n\t2\r\n 3;|"},
                    HeaderCase{"empty_body_of_field", "A:\r\n\r\n", "A=;|"},
                    HeaderCase{"space_before_colon", "A \t: 1\r\n\r\n", "A= 1;|"},
                    HeaderCase{"mbox_line", "From a@b Mon\r\nA: 1\r\n\r\n", "A= 1;|"},
                    HeaderCase{"quoted_mbox_line", ">From a@b Mon\r\nA: 1\r\n\r\n", "A= 1;|"},
                    HeaderCase{"mbox_line_later", "A: 1\r\nFrom a\r\n\r\n", "A= 1;!From a\r\n\r\n"},
                    HeaderCase{"no_colon", "A: 1\r\nhello\r\nB: 2\r\n", "A= 1;!hello\r\nB: 2\r\n"},
                    HeaderCase{"space_in_name", "A: 1\r\nx y: 2\r\n", "A= 1;!x y: 2\r\n"},
                    HeaderCase{"no_name", ": 1\r\n", "!: 1\r\n"},
                    HeaderCase{"eight_bit_name", "\xC3\xA4: 1\r\n", "!\xC3\xA4: 1\r\n"},
                    HeaderCase{"only_body", "\r\nbody", "|body"}, HeaderCase{"nothing", "", "!"},
                    HeaderCase{"cut_in_field", "A: 1\r\nB: 2", "A= 1;B= 2;!"},
                    HeaderCase{"cut_in_fold", "A: 1\r\n ", "A= 1\r\n ;!"},
                    HeaderCase{"fold_first", " folded\r\nA: 1\r\n", "! folded\r\nA: 1\r\n"},
                    HeaderCase{"white_line_continues", "A: 1\r\n  \r\nB: 2\r\n\r\n",
                               "A= 1\r\n  ;B= 2;|"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Header, FindsByNameWhateverTheCase) {
  const Header header = scan_header("To: a\r\nto: b\r\nCc: c\r\n\r\n");
  ASSERT_NE(header.find("TO"), nullptr);
  EXPECT_EQ(header.find("TO")->body, " a");
  EXPECT_EQ(header.find_all("to").size(), 2U);
  EXPECT_EQ(header.find("Bcc"), nullptr);
  EXPECT_EQ(header.fields[1].offset, 7U);
  EXPECT_EQ(header.fields[1].octets, 7U);
}

TEST(Header, StopsAtLimits) {
  const std::string message = "A: 1\r\nB: 2\r\nC: 3\r\n\r\n";
  const Header few = scan_header(message, {.fields_max = 2, .octets_max = 100});
  EXPECT_TRUE(few.over_limit);
  EXPECT_EQ(few.fields.size(), 2U);
  EXPECT_TRUE(scan_header(message, {.fields_max = 3, .octets_max = 17}).over_limit);
  EXPECT_FALSE(scan_header(message, {.fields_max = 3, .octets_max = 18}).over_limit);
}

TEST(Unfold, JoinsLines) {
  EXPECT_EQ(unfold(" a\r\n\tb\n c \r\n"), "a\tb c");
  EXPECT_EQ(unfold(""), "");
}

constexpr std::string_view kTraced =
    "Received: a\r\n by b\r\nReceived: c\r\nMessage-ID:\r\n <1@x>\r\nDate: d\r\nfrom: f\r\n\r\n"
    "Received: not a field\r\n";

TEST(HeaderScanner, TellsTheSameForEveryCutOfTheStream) {
  for (std::size_t cut = 0; cut <= kTraced.size(); ++cut) {
    SCOPED_TRACE(cut);
    HeaderScanner scanner;
    scanner.feed(kTraced.substr(0, cut));
    scanner.feed(kTraced.substr(cut));
    EXPECT_FALSE(scanner.wants_more());
    scanner.finish();
    EXPECT_EQ(scanner.received_count(), 2U);
    EXPECT_EQ(scanner.message_id(), "<1@x>");
    EXPECT_TRUE(scanner.has_date());
    EXPECT_TRUE(scanner.has_from());
    EXPECT_FALSE(scanner.has_eight_bit());
    EXPECT_EQ(scanner.header(), kTraced.substr(0, kTraced.find("\r\n\r\n") + 2));
  }
}

TEST(HeaderScanner, EndsWithTheMessage) {
  HeaderScanner scanner;
  scanner.feed("Received: a\r\nSubject: \xFF");
  EXPECT_TRUE(scanner.wants_more());
  scanner.finish();
  EXPECT_FALSE(scanner.wants_more());
  EXPECT_EQ(scanner.received_count(), 1U);
  EXPECT_TRUE(scanner.has_eight_bit());
  EXPECT_FALSE(scanner.has_from());
}

TEST(HeaderScanner, KeepsNoMoreThanItMay) {
  HeaderScanner scanner(100);
  for (int i = 0; i < 1000 && scanner.wants_more(); ++i) scanner.feed("Received: x\r\n");
  EXPECT_TRUE(scanner.over_limit());
  EXPECT_EQ(scanner.header().size(), 100U);
  EXPECT_EQ(scanner.received_count(), 7U);
  HeaderScanner one_line(100);
  one_line.feed(std::string(5000, 'a'));
  EXPECT_TRUE(one_line.over_limit());
}

}  // namespace
}  // namespace veredus::mime
