#include "wire/mime/convert_8bit.h"

#include <gtest/gtest.h>

namespace veredus::mime {
namespace {

struct ConvertCase {
  const char* name;
  std::string_view message;
  std::string_view want;  ///< Or "!" and the start of the error.
};
class ToSevenBit : public testing::TestWithParam<ConvertCase> {};

TEST_P(ToSevenBit, EncodesWhatItMust) {
  const auto got = to_seven_bit(GetParam().message);
  if (GetParam().want.starts_with('!')) {
    ASSERT_FALSE(got);
    EXPECT_TRUE(got.error().text().starts_with(GetParam().want.substr(1))) << got.error().text();
    return;
  }
  ASSERT_TRUE(got) << got.error().text();
  EXPECT_EQ(*got, GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc6152Section3, ToSevenBit,
    testing::Values(
        ConvertCase{"ascii_stays", "Content-Transfer-Encoding: 8bit\r\n\r\na",
                    "Content-Transfer-Encoding: 8bit\r\n\r\na"},
        ConvertCase{"no_mime", "A: b\r\n\r\n\xE4\r\n",
                    "A: b\r\nMIME-Version: 1.0\r\n"
                    "Content-Type: text/plain; charset=unknown-8bit\r\n"
                    "Content-Transfer-Encoding: quoted-printable\r\n\r\n=E4\r\n"},
        ConvertCase{"text",
                    "MIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit\r\n"
                    "Content-Type: text/html; charset=utf-8\r\n\r\n\xC3\xA4=\r\n",
                    "MIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n"
                    "Content-Type: text/html; charset=utf-8\r\n\r\n=C3=A4=3D\r\n"},
        ConvertCase{"not_text", "MIME-Version: 1.0\r\nContent-Type: image/png\r\n\r\n\xFF\xFE",
                    "MIME-Version: 1.0\r\nContent-Type: image/png\r\n"
                    "Content-Transfer-Encoding: base64\r\n\r\n//4=\r\n"},
        ConvertCase{"multipart",
                    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"
                    "Content-Transfer-Encoding: 8bit\r\n\r\npr\xE9\r\n--b\r\n\r\n\xE4\r\n--b\r\n"
                    "Content-Transfer-Encoding: 8bit\r\n\r\nplain\r\n--b--\r\n",
                    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"
                    "Content-Transfer-Encoding: 7bit\r\n\r\npr?\r\n--b\r\n"
                    "Content-Transfer-Encoding: quoted-printable\r\n\r\n=E4\r\n--b\r\n"
                    "Content-Transfer-Encoding: 7bit\r\n\r\nplain\r\n--b--\r\n"},
        ConvertCase{"message_inside",
                    "MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n\r\nA: b\r\n\r\n\xE4",
                    "MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n\r\nA: b\r\n"
                    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=unknown-8bit\r\n"
                    "Content-Transfer-Encoding: quoted-printable\r\n\r\n=E4"},
        ConvertCase{"damaged_base64",
                    "MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\nZm\xE4"
                    "9v",
                    "MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\nZm9v\r\n"},
        ConvertCase{"no_empty_line", "A: b\r\nno field: \xE4\r\n",
                    "A: b\r\nMIME-Version: 1.0\r\n"
                    "Content-Type: text/plain; charset=unknown-8bit\r\n"
                    "Content-Transfer-Encoding: quoted-printable\r\n\r\nno field: =E4\r\n"},
        ConvertCase{"header", "Subject: \xC3\xA4\r\n\r\nx", "!8-bit characters in a header"},
        ConvertCase{"unknown_encoding", "Content-Transfer-Encoding: x-u\r\n\r\n\xE4",
                    "!8-bit content of type text/plain"},
        ConvertCase{"partial", "Content-Type: message/partial\r\n\r\n\xE4",
                    "!8-bit content of type message/partial"},
        ConvertCase{"damaged_multipart", "Content-Type: multipart/mixed\r\n\r\n\xE4",
                    "!8-bit content of type multipart/mixed"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(NeedsEightBit, AsksEveryOctet) {
  EXPECT_FALSE(needs_eight_bit("abc\r\n"));
  EXPECT_TRUE(needs_eight_bit("abc\r\n\x80"));
}

}  // namespace
}  // namespace veredus::mime
