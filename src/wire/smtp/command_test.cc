#include "wire/smtp/command.h"

#include <string>

#include <gtest/gtest.h>

namespace veredus::smtp {
namespace {

struct LineCase {
  const char* name;
  std::string_view line;
  Verb verb;
  std::string_view args;
};
class CommandLines : public testing::TestWithParam<LineCase> {};

TEST_P(CommandLines, AreSplit) {
  const LineCase& c = GetParam();
  const Command command = parse_command(c.line);
  EXPECT_EQ(command.verb, c.verb) << name(command.verb);
  EXPECT_EQ(command.args, c.args);
  EXPECT_EQ(command.reason.empty(), c.verb != Verb::unknown);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc5321Section411, CommandLines,
    testing::Values(LineCase{"ehlo", "EHLO client.example", Verb::ehlo, "client.example"},
                    LineCase{"any_case", "eHlO x", Verb::ehlo, "x"},
                    LineCase{"no_args", "QUIT", Verb::quit, ""},
                    LineCase{"trailing_spaces", "DATA  ", Verb::data, ""},
                    LineCase{"leading_spaces", "  RSET", Verb::rset, ""},
                    LineCase{"many_spaces", "MAIL   FROM:<>  ", Verb::mail, "FROM:<>"},
                    LineCase{"starttls", "STARTTLS", Verb::starttls, ""},
                    LineCase{"utf8", "RCPT TO:<ü@x>", Verb::rcpt, "TO:<ü@x>"},
                    LineCase{"empty", "", Verb::unknown, ""},
                    LineCase{"spaces", "   ", Verb::unknown, ""},
                    LineCase{"unknown", "XYZZY 1", Verb::unknown, ""},
                    LineCase{"glued", "MAILFROM:<>", Verb::unknown, ""},
                    LineCase{"prefix_only", "MAI", Verb::unknown, ""},
                    LineCase{"nul", std::string_view("NOOP \0", 6), Verb::unknown, ""},
                    LineCase{"bare_cr", "NOOP a\rRSET", Verb::unknown, ""},
                    LineCase{"tab", "MAIL\tFROM:<>", Verb::unknown, ""},
                    LineCase{"delete", "NOOP \x7f", Verb::unknown, ""}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(CommandLines, HttpIsRecognised) {
  EXPECT_TRUE(looks_like_http("GET / HTTP/1.1"));
  EXPECT_TRUE(looks_like_http("POST /x y HTTP/1.0"));
  EXPECT_TRUE(looks_like_http("CONNECT mail.example:25 HTTP/1.1"));
  EXPECT_FALSE(looks_like_http("GET /"));
  EXPECT_FALSE(looks_like_http("EHLO HTTP/1.1"));
  EXPECT_FALSE(looks_like_http(""));
}

struct ArgsCase {
  const char* name;
  std::string_view args;
  std::string_view want;  ///< What was understood, or "!" and a part of the error.
};

template <class Parsed, class Render>
void expect(const ArgsCase& c, const Parsed& result, Render render) {
  const std::string got = result ? render(*result) : "!" + result.error().text();
  if (c.want.starts_with('!')) {
    EXPECT_FALSE(result.has_value()) << got;
    EXPECT_TRUE(got.contains(c.want.substr(1))) << got;
  } else {
    EXPECT_EQ(got, c.want);
  }
}

class MailArgs : public testing::TestWithParam<ArgsCase> {};

TEST_P(MailArgs, ParseOrSayWhy) {
  expect(GetParam(), parse_mail(GetParam().args),
         [](const MailCommand& mail) { return mail.path.text() + smtp::render(mail.params); });
}

INSTANTIATE_TEST_SUITE_P(
    Rfc5321Section4112, MailArgs,
    testing::Values(ArgsCase{"plain", "FROM:<a@b>", "<a@b>"}, ArgsCase{"null", "from:<>", "<>"},
                    ArgsCase{"params", "FROM:<a@b> size=1 BODY=8bitmime",
                             "<a@b> SIZE=1 BODY=8bitmime"},
                    ArgsCase{"space_after_colon", "FROM: <a@b> SIZE=1", "<a@b> SIZE=1"},
                    ArgsCase{"utf8", "FROM:<ü@b> SMTPUTF8", "<ü@b> SMTPUTF8"},
                    ArgsCase{"utf8_unsaid", "FROM:<ü@b>", "!only ASCII"},
                    ArgsCase{"no_brackets", "FROM:a@b", "!angle brackets"},
                    ArgsCase{"no_from", "<a@b>", "!write MAIL FROM:"},
                    ArgsCase{"space_before_colon", "FROM :<a@b>", "!write MAIL FROM:"},
                    ArgsCase{"nothing", "", "!write MAIL FROM:"},
                    ArgsCase{"glued_param", "FROM:<a@b>SIZE=1", "!expected a space"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(ArgumentErrors, SayWhichPart) {
  using enum ArgumentError::Part;
  EXPECT_EQ(parse_mail("FROM:<a@b").error().part(), path);
  EXPECT_EQ(parse_mail("FROM:<a@b>SIZE=1").error().part(), params);
  EXPECT_EQ(parse_rcpt("TO:<>").error().part(), path);
  EXPECT_EQ(parse_rcpt("TO:<a@b> NOTIFY=").error().part(), params);
}

class RcptArgs : public testing::TestWithParam<ArgsCase> {};

TEST_P(RcptArgs, ParseOrSayWhy) {
  expect(GetParam(), parse_rcpt(GetParam().args),
         [](const RcptCommand& rcpt) { return rcpt.path.text() + smtp::render(rcpt.params); });
}

INSTANTIATE_TEST_SUITE_P(Rfc5321Section4113, RcptArgs,
                         testing::Values(ArgsCase{"plain", "TO:<a@b>", "<a@b>"},
                                         ArgsCase{"postmaster", "to:<POSTMASTER>", "<postmaster>"},
                                         ArgsCase{"params", "TO:<a@b> NOTIFY=NEVER",
                                                  "<a@b> NOTIFY=NEVER"},
                                         ArgsCase{"null", "TO:<>", "!may not be empty"},
                                         ArgsCase{"utf8", "TO:<ü@b>", "!only ASCII"},
                                         ArgsCase{"from", "FROM:<a@b>", "!write RCPT TO:"}),
                         [](const auto& test) { return std::string(test.param.name); });

class HeloArgs : public testing::TestWithParam<ArgsCase> {};

TEST_P(HeloArgs, LenientParse) {
  expect(GetParam(), parse_helo(GetParam().args), [](const HeloName& helo) {
    return helo.text + (helo.domain ? " domain" : "") + (helo.literal ? " literal" : "");
  });
}

const std::string kLong(256, 'a');

INSTANTIATE_TEST_SUITE_P(
    Rfc5321Section4111, HeloArgs,
    testing::Values(ArgsCase{"domain", "Client.Example", "Client.Example domain"},
                    ArgsCase{"literal", "[192.0.2.1]", "[192.0.2.1] literal"},
                    ArgsCase{"literal6", "[IPv6:::1]", "[IPv6:::1] literal"},
                    ArgsCase{"underscore", "my_pc", "my_pc"}, ArgsCase{"bare6", "::1", "::1"},
                    ArgsCase{"second_word_ignored", "host extra", "host domain"},
                    ArgsCase{"nothing", "  ", "!say your host name"},
                    ArgsCase{"control", "a\tb", "!is neither"},
                    ArgsCase{"header_injection", "a<b>", "!is neither"},
                    ArgsCase{"too_long", kLong, "!longer than 255"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(HeloArgs, StrictTakesOnlyDomainAndLiteral) {
  EXPECT_TRUE(parse_helo("client.example", HeloRule::strict).has_value());
  EXPECT_TRUE(parse_helo("[192.0.2.1]", HeloRule::strict).has_value());
  EXPECT_FALSE(parse_helo("my_pc", HeloRule::strict).has_value());
  EXPECT_FALSE(parse_helo("host extra", HeloRule::strict).has_value());
}

TEST(AuthArgs, MechanismAndInitialResponse) {  // RFC 4954 §4
  EXPECT_EQ(parse_auth("plain")->mechanism, "PLAIN");
  EXPECT_FALSE(parse_auth("LOGIN")->initial);
  EXPECT_EQ(parse_auth("SCRAM-SHA-256-PLUS =")->initial, "=");
  EXPECT_EQ(parse_auth("PLAIN AGEAYg==")->initial, "AGEAYg==");
  for (const char* bad : {"", "PLAIN=", "=", "PLAIN a b", "X123456789012345678901 a", "a.b"})
    EXPECT_FALSE(parse_auth(bad).has_value()) << bad;
}

TEST(BdatArgs, SizeAndLast) {  // RFC 3030 §2
  EXPECT_EQ(parse_bdat("86 LAST")->octets, 86U);
  EXPECT_TRUE(parse_bdat("0 last")->last);
  EXPECT_FALSE(parse_bdat("7")->last);
  for (const char* bad : {"", "x", "-1", "1 x", "99999999999999999999"})
    EXPECT_FALSE(parse_bdat(bad).has_value()) << bad;
}

}  // namespace
}  // namespace veredus::smtp
