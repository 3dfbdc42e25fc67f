#include "wire/mime/transfer_encoding.h"

#include <gtest/gtest.h>

namespace veredus::mime {
namespace {

using namespace std::string_literals;

TEST(TransferEncoding, IsReadFromTheField) {
  using enum TransferEncoding;
  EXPECT_EQ(parse_transfer_encoding(" 8BIT (yes)"), eight_bit);
  EXPECT_EQ(parse_transfer_encoding("Quoted-Printable;"), quoted_printable);
  EXPECT_EQ(parse_transfer_encoding("base64"), base64);
  EXPECT_EQ(parse_transfer_encoding(""), seven_bit);
  EXPECT_EQ(parse_transfer_encoding("x-uuencode"), unknown);
  EXPECT_EQ(parse_transfer_encoding("8bit base64"), unknown);
}

TEST(Base64, Encodes) {
  EXPECT_EQ(encode_base64(""), "");
  EXPECT_EQ(encode_base64("f"), "Zg==\r\n");
  EXPECT_EQ(encode_base64("fo"), "Zm8=\r\n");
  EXPECT_EQ(encode_base64("foo"), "Zm9v\r\n");
  EXPECT_EQ(encode_base64(std::string(57, 'x')).size(), 78U);
  EXPECT_EQ(encode_base64(std::string(58, 'x')).size(), 78U + 6U);
}

TEST(Base64, DecodesWhatItCan) {
  EXPECT_EQ(decode_base64("Zm9v\r\nZg=="), "foof");
  EXPECT_EQ(decode_base64("Zg==Zm8="), "ffo");  // Two encoders' output in one body.
  EXPECT_EQ(decode_base64("Z!m8"), "fo");
  EXPECT_EQ(decode_base64("Z"), "");
}

struct QpCase {
  const char* name;
  std::string decoded;
  std::string encoded;
};
class Qp : public testing::TestWithParam<QpCase> {};

TEST_P(Qp, BothWays) {
  EXPECT_EQ(encode_quoted_printable(GetParam().decoded), GetParam().encoded);
  EXPECT_EQ(decode_quoted_printable(GetParam().encoded), GetParam().decoded);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc2045Section67, Qp,
    testing::Values(QpCase{"nothing", "", ""}, QpCase{"plain", "a b\r\nc", "a b\r\nc"},
                    QpCase{"equals", "=", "=3D"}, QpCase{"octets", "\xE4\x01\x7F", "=E4=01=7F"},
                    QpCase{"space_at_end_of_line", "a \r\nb\t", "a=20\r\nb=09"},
                    QpCase{"bare_lf", "a\nb", "a=0Ab"}, QpCase{"bare_cr", "a\rb\r", "a=0Db=0D"},
                    QpCase{"cr_cr_lf", "\r\r\n", "=0D\r\n"},
                    QpCase{"space_before_cr", "a \rb", "a =0Db"},
                    QpCase{"76_columns", std::string(75, 'x'), std::string(75, 'x')},
                    QpCase{"soft_break", std::string(77, 'x'), std::string(75, 'x') + "=\r\nxx"},
                    QpCase{"escape_is_not_cut", std::string(73, 'x') + "\xE4",
                           std::string(73, 'x') + "=\r\n=E4"},
                    QpCase{"no_boundary_by_folding", std::string(75, 'x') + "--b",
                           std::string(75, 'x') + "=\r\n=2D-b"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Qp, DecodesWhatItCan) {
  EXPECT_EQ(decode_quoted_printable("a =  \r\nb"), "a b");
  EXPECT_EQ(decode_quoted_printable("a=3db"), "a=b");
  EXPECT_EQ(decode_quoted_printable("a=zz=4"), "a=zz=4");
  EXPECT_EQ(decode_quoted_printable("a  \nb  "), "a\nb");
  EXPECT_EQ(decode_quoted_printable("=="), "==");
  EXPECT_EQ(decode_quoted_printable("a\r"), "a\r");
}

TEST(TransferEncoding, PiecesGiveWhatTheWholeGives) {
  std::string bytes;
  for (int i = 0; i < 600; ++i) bytes += static_cast<char>(i * 7);
  bytes += "line \r\n\r\r\n end \t\r\n= -";
  const std::string quoted = encode_quoted_printable(bytes);
  const std::string based = encode_base64(bytes);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    QuotedPrintableEncoder qp;
    Base64Encoder base64;
    std::string qp_out;
    std::string base64_out;
    for (const auto piece :
         {std::string_view(bytes).substr(0, cut), std::string_view(bytes).substr(cut)}) {
      qp.feed(piece, qp_out);
      base64.feed(piece, base64_out);
    }
    qp.finish(qp_out);
    base64.finish(base64_out);
    ASSERT_EQ(qp_out, quoted) << cut;
    ASSERT_EQ(base64_out, based) << cut;
  }
  EXPECT_EQ(decode_quoted_printable(quoted), bytes);
  EXPECT_EQ(decode_base64(based), bytes);
}

TEST(TransferEncoding, DecodersSayWhetherTheInputWasSound) {
  const auto qp_sound = [](std::string_view text) {
    QuotedPrintableDecoder decoder;
    std::string out;
    decoder.feed(text, out);
    decoder.finish(out);
    return decoder.sound();
  };
  const auto base64_sound = [](std::string_view text) {
    Base64Decoder decoder;
    std::string out;
    decoder.feed(text, out);
    decoder.finish(out);
    return decoder.sound();
  };
  EXPECT_TRUE(qp_sound("a=20=\r\nb"));
  EXPECT_FALSE(qp_sound("a=2"));
  EXPECT_FALSE(qp_sound("a=xy"));
  EXPECT_TRUE(base64_sound("Zg==\r\n"));
  EXPECT_FALSE(base64_sound("Zg"));
  EXPECT_FALSE(base64_sound("Zg==*"));
}

TEST(Qp, BinaryModeEncodesLineEndings) {
  QuotedPrintableEncoder encoder(QuotedPrintableEncoder::Mode::binary);
  std::string out;
  encoder.feed("a\r\n", out);
  encoder.finish(out);
  EXPECT_EQ(out, "a=0D=0A");
}

}  // namespace
}  // namespace veredus::mime
