// Notices that every next hop takes, also one without 8BITMIME.

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "mail/notice/composer_test_support.h"
#include "wire/mime/transfer_encoding.h"

namespace veredus::notice {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct EightBitCase {
  const char* name;
  std::string_view message;
  std::string_view media_type;   ///< Of the last part.
  std::string_view encoding;     ///< Of the last part.
  std::string_view content;      ///< Of the last part, decoded.
  bool whole_was_meant = false;  ///< The header comes back although the message is small.
};

class EightBit : public testing::TestWithParam<EightBitCase> {};

TEST_P(EightBit, ComesBackInAFormThatSevenBitHopsTake) {  // RFC 6152 §3
  const EightBitCase& c = GetParam();
  Case request;
  request.message = std::string(c.message);
  const auto notice = request.compose();
  ASSERT_TRUE(notice);
  expect_sound(*notice, 1);
  const std::string message = octets(*notice);
  const mime::Structure structure = mime::parse_structure(message);
  const mime::Part& returned = structure.root.children.at(2);
  EXPECT_EQ(returned.content_type.type + "/" + returned.content_type.subtype, c.media_type);
  const mime::Field* encoding = returned.fields.find("Content-Transfer-Encoding");
  ASSERT_NE(encoding, nullptr);
  EXPECT_EQ(trim(encoding->body), c.encoding);
  EXPECT_EQ(mime::decode_transfer(returned.encoding, returned.body.in(message)), c.content);
  EXPECT_EQ(part_in(*notice, 0).contains("Only the header of your message follows"),
            c.whole_was_meant);
}

constexpr std::string_view kLatinHeader =
    "Subject: Gr\xFC\xDF"
    "e\r\n";

INSTANTIATE_TEST_SUITE_P(
    Returned, EightBit,
    testing::Values(
        EightBitCase{"ascii", "Subject: a\r\n\r\nb\r\n", "message/rfc822", "7bit",
                     "Subject: a\r\n\r\nb\r\n"},
        EightBitCase{"body", "Subject: a\r\n\r\nGrüße\r\n", "message/rfc822", "8bit",
                     "Subject: a\r\n\r\nGrüße\r\n"},
        EightBitCase{"latin_header",
                     "Subject: Gr\xFC\xDF"
                     "e\r\n\r\nb\r\n",
                     "text/rfc822-headers", "quoted-printable", kLatinHeader, true},
        EightBitCase{"utf8_header", "Subject: Grüße\r\n\r\nb\r\n", "message/global",
                     "quoted-printable", "Subject: Grüße\r\n\r\nb\r\n"},
        EightBitCase{"header_of_a_part",
                     "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: "
                     "text/plain; name=\"\xFC\"\r\n\r\nb\r\n--b--\r\n",
                     "text/rfc822-headers", "7bit", "Content-Type: multipart/mixed; boundary=b\r\n",
                     true},
        EightBitCase{"unknown_encoding", "Content-Transfer-Encoding: x-own\r\n\r\nGrüße\r\n",
                     "text/rfc822-headers", "7bit", "Content-Transfer-Encoding: x-own\r\n", true}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Composer, EncodesAnEightBitHeaderThatComesBackAlone) {
  Case c;
  c.kind = queue::NoticeKind::delay;
  for (const std::string_view subject : {"Gr\xFC\xDF"
                                         "e",
                                         "Grüße"}) {
    c.message = "Subject: " + std::string(subject) + "\r\n\r\nb\r\n";
    const auto notice = c.compose();
    ASSERT_TRUE(notice);
    expect_sound(*notice, 1);
    EXPECT_EQ(notice->envelope.body, smtp::Body::seven_bit);
    EXPECT_EQ(mime::decode_quoted_printable(part_in(*notice, 2)),
              "Subject: " + std::string(subject) + "\r\n");
    EXPECT_THAT(part_in(*notice, 0), Not(HasSubstr("Only the header")));
  }
}

TEST(Composer, WordsBeyondAsciiAreEncoded) {
  Case c;
  c.standing().reply = "550 5.1.1 Kein Postfach für Kim";
  const auto notice = c.compose();
  ASSERT_TRUE(notice);
  expect_sound(*notice, 1);
  EXPECT_EQ(notice->envelope.body, smtp::Body::seven_bit);
  EXPECT_THAT(mime::decode_quoted_printable(part_in(*notice, 0)),
              HasSubstr("Kein Postfach für Kim"));
}

}  // namespace
}  // namespace veredus::notice
