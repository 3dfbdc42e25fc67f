#include "wire/smtp/params.h"

#include <string>

#include <gtest/gtest.h>

namespace veredus::smtp {
namespace {

constexpr ExtensionSet kAll{Extension::size,        Extension::eight_bit_mime,
                            Extension::binary_mime, Extension::smtputf8,
                            Extension::dsn,         Extension::auth};

struct ParamsCase {
  const char* name;
  std::string_view text;
  std::string_view want;  ///< Canonical form, or "!" and a part of the error.
};

std::string name_of(const testing::TestParamInfo<ParamsCase>& test) { return test.param.name; }

void expect(const ParamsCase& c, const std::string& got) {
  if (c.want.starts_with('!')) {
    EXPECT_TRUE(got.starts_with('!') && got.contains(c.want.substr(1))) << got;
  } else {
    EXPECT_EQ(got, c.want);
  }
}

class Params : public testing::TestWithParam<ParamsCase> {};

TEST_P(Params, ParsesOrSaysWhy) {
  const auto params = parse_params(GetParam().text);
  expect(GetParam(), params ? render(*params) : "!" + params.error().text());
}

std::string many(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += " P" + std::to_string(i);
  return text;
}
const std::string kMost = many(kParamsMax);
const std::string kTooMany = many(kParamsMax + 1);

INSTANTIATE_TEST_SUITE_P(
    Rfc5321Section412, Params,
    testing::Values(ParamsCase{"none", "", ""}, ParamsCase{"case_folds", " size=10", " SIZE=10"},
                    ParamsCase{"value_keeps_case", " ENVID=QQ314159", " ENVID=QQ314159"},
                    ParamsCase{"flag", " smtputf8", " SMTPUTF8"},
                    ParamsCase{"spaces", "   A  B=1 ", " A B=1"}, ParamsCase{"most", kMost, kMost},
                    ParamsCase{"no_space", "SIZE=10", "!expected a space"},
                    ParamsCase{"twice", " SIZE=1 size=2", "!duplicate parameter SIZE"},
                    ParamsCase{"equals_in_value", " A=b=c", "!expected a space"},
                    ParamsCase{"empty_value", " A= B", "!empty parameter value"},
                    ParamsCase{"hyphen_first", " -A", "!bad parameter name"},
                    ParamsCase{"bad_name", " =x", "!bad parameter name"},
                    ParamsCase{"latin1", " A=\xFC", "!not valid UTF-8"},
                    ParamsCase{"too_many", kTooMany, "!too many"}),
    name_of);

class MailParameters : public testing::TestWithParam<ParamsCase> {};

TEST_P(MailParameters, AreReadAndWritten) {
  const auto list = parse_params(GetParam().text);
  ASSERT_TRUE(list.has_value());
  const auto params = read_mail_params(*list, kAll);
  expect(GetParam(), params ? render(write_params(*params)) : "!" + params.error().text());
  if (params) {
    EXPECT_EQ(read_mail_params(write_params(*params), kAll).value(), *params);
  }
}

const std::string kEnvid101 = " ENVID=" + std::string(101, 'x');

INSTANTIATE_TEST_SUITE_P(
    Values, MailParameters,
    testing::Values(
        ParamsCase{"size", " SIZE=00000000000000001000", " SIZE=1000"},
        ParamsCase{"size_largest", " SIZE=18446744073709551615", " SIZE=18446744073709551615"},
        ParamsCase{"size_overflow", " SIZE=18446744073709551616", "!beyond any message"},
        ParamsCase{"size_21_digits", " SIZE=000000000000000000001", "!at most 20 digits"},
        ParamsCase{"size_text", " SIZE=1k", "!must be a number"},
        ParamsCase{"size_none", " SIZE", "!must be a number"},
        ParamsCase{"body7", " BODY=7bit", " BODY=7BIT"},
        ParamsCase{"body8", " BODY=8BITMIME", " BODY=8BITMIME"},
        ParamsCase{"body_binary", " BODY=BINARYMIME", " BODY=BINARYMIME"},
        ParamsCase{"body_other", " BODY=9BIT", "!BODY must be"},
        ParamsCase{"utf8", " SMTPUTF8", " SMTPUTF8"},
        ParamsCase{"utf8_value", " SMTPUTF8=1", "!has no value"},
        ParamsCase{"ret", " RET=hdrs", " RET=HDRS"},
        ParamsCase{"ret_full", " RET=FULL", " RET=FULL"},
        ParamsCase{"ret_other", " RET=ALL", "!RET must be"},
        ParamsCase{"envid", " ENVID=a+2Bb+20c", " ENVID=a+2Bb+20c"},
        ParamsCase{"envid_newline", " ENVID=a+0D+0Ab", "!printable ASCII"},
        ParamsCase{"envid_bad", " ENVID=a+2", "!hexadecimal"},
        ParamsCase{"envid_long", kEnvid101, "!1 to 100"},
        ParamsCase{"auth_unknown", " AUTH=<>", " AUTH=<>"},
        ParamsCase{"auth", " AUTH=e+3Dmc2@example.com", " AUTH=e+3Dmc2@example.com"},
        ParamsCase{"auth_newline", " AUTH=a+0Ab", "!control"},
        ParamsCase{"unknown", " XYZZY=1", "!XYZZY is not one"}),
    name_of);

class RcptParameters : public testing::TestWithParam<ParamsCase> {};

TEST_P(RcptParameters, AreReadAndWritten) {
  const auto list = parse_params(GetParam().text);
  ASSERT_TRUE(list.has_value());
  const auto params = read_rcpt_params(*list, kAll);
  expect(GetParam(), params ? render(write_params(*params)) : "!" + params.error().text());
  if (params) {
    EXPECT_EQ(read_rcpt_params(write_params(*params), kAll).value(), *params);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rfc3461Section4, RcptParameters,
    testing::Values(ParamsCase{"never", " NOTIFY=never", " NOTIFY=NEVER"},
                    ParamsCase{"notify", " NOTIFY=delay,success", " NOTIFY=SUCCESS,DELAY"},
                    ParamsCase{"never_and", " NOTIFY=NEVER,DELAY", "!NOTIFY must be"},
                    ParamsCase{"notify_gap", " NOTIFY=DELAY,,SUCCESS", "!NOTIFY must be"},
                    ParamsCase{"notify_none", " NOTIFY", "!NOTIFY"},
                    ParamsCase{"orcpt", " ORCPT=RFC822;Bob+20Q@x", " ORCPT=rfc822;Bob+20Q@x"},
                    ParamsCase{"orcpt_utf8", " ORCPT=utf-8;ü@x", " ORCPT=utf-8;+C3+BC@x"},
                    ParamsCase{"orcpt_no_type", " ORCPT=bob@x", "!type;address"},
                    ParamsCase{"orcpt_empty", " ORCPT=rfc822;", "!bad address"},
                    ParamsCase{"orcpt_newline", " ORCPT=rfc822;a+0D+0AB:", "!bad address"},
                    ParamsCase{"mail_param", " SIZE=1", "!SIZE is not one"}),
    name_of);

TEST(MailParameters, UnannouncedIsNotABadValue) {
  const auto unknown = read_mail_params({{"RET", "FULL"}}, {Extension::size});
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().fault(), Fault::refused);
  const auto bad = read_mail_params({{"RET", "HALF"}}, {Extension::dsn});
  ASSERT_FALSE(bad.has_value());
  EXPECT_EQ(bad.error().fault(), Fault::malformed);
  const auto binary = read_mail_params({{"BODY", "BINARYMIME"}}, {Extension::eight_bit_mime});
  ASSERT_FALSE(binary.has_value());
  EXPECT_EQ(binary.error().fault(), Fault::malformed);
}

TEST(Xtext, EveryOctetSurvives) {  // RFC 3461 §4
  std::string all;
  for (int octet = 0; octet < 256; ++octet) all += static_cast<char>(octet);
  EXPECT_EQ(xtext_decode(xtext_encode(all)).value(), all);
  EXPECT_EQ(xtext_encode("a+b=c d"), "a+2Bb+3Dc+20d");
  EXPECT_EQ(xtext_decode("+2b").value(), "+");
  for (const char* bad : {"+", "+4", "+4G", "+-1", "a b", "a=b"})
    EXPECT_FALSE(xtext_decode(bad).has_value()) << bad;
}

}  // namespace
}  // namespace veredus::smtp
