#include "wire/sasl/client_exchange.h"

#include <cstddef>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "wire/sasl/line.h"

namespace veredus::sasl {
namespace {

using namespace std::string_literals;

Credentials as(const char* user, std::string password, const char* authorize_as = "") {
  return {.user = user, .password = Secret(std::move(password)), .authorize_as = authorize_as};
}
ClientExchange open(Mechanism mechanism, const Credentials& credentials) {
  return {{.mechanism = mechanism, .binding = {}}, credentials};
}

TEST(ClientExchange, PlainIsThatOfRfc4616) {
  ClientExchange tim = open(Mechanism::plain, as("tim", "tanstaaftanstaaf"));
  EXPECT_EQ(tim.initial().value(), "\0tim\0tanstaaftanstaaf"s);
  EXPECT_TRUE(tim.is_complete());
  ClientExchange kurt = open(Mechanism::plain, as("Kurt", "xipj3plmq", "Ursel"));
  EXPECT_EQ(kurt.initial().value(), "Ursel\0Kurt\0xipj3plmq"s);
  ClientExchange test = open(Mechanism::plain, as("test", "1234", "test"));
  EXPECT_EQ(encode_initial(test.initial()->value()), "dGVzdAB0ZXN0ADEyMzQ=");  // RFC 4954 §4.1
}

TEST(ClientExchange, PlainWaitsForTheServerWhenItMust) {
  ClientExchange client = open(Mechanism::plain, as("tim", "secret"));
  EXPECT_EQ(client.answer("").value(), "\0tim\0secret"s);
  EXPECT_FALSE(client.answer("")) << "one answer is enough";
  ClientExchange asked = open(Mechanism::plain, as("tim", "secret"));
  ASSERT_TRUE(asked.initial());
  EXPECT_EQ(asked.answer("").value(), "\0tim\0secret"s) << "a server that ignored it";
}

TEST(ClientExchange, CramMd5IsThatOfRfc2195) {
  ClientExchange client = open(Mechanism::cram_md5, as("tim", "tanstaaftanstaaf"));
  EXPECT_EQ(client.initial().value(), std::nullopt);
  EXPECT_EQ(client.answer("<1896.697170952@postoffice.reston.mci.net>").value(),
            "tim b913a602c7eda7a495b4e6e7334d3890");
  EXPECT_TRUE(client.is_complete());
}

TEST(ClientExchange, CramMd5DoesNotAnswerNothing) {
  ClientExchange client = open(Mechanism::cram_md5, as("tim", "tanstaaftanstaaf"));
  EXPECT_EQ(client.answer("").error().fault(), Fault::malformed);
  EXPECT_FALSE(client.is_complete());
}

TEST(ClientExchange, LoginAnswersWhateverThePromptsSay) {
  ClientExchange client = open(Mechanism::login, as("tim", "secret"));
  EXPECT_EQ(client.initial().value(), std::nullopt);
  EXPECT_EQ(client.answer("User Name").value(), "tim");
  EXPECT_FALSE(client.is_complete());
  EXPECT_EQ(client.answer("").value(), "secret");
  EXPECT_TRUE(client.is_complete());
}

TEST(ClientExchange, ExternalSaysNothingOrAsWhom) {
  ClientExchange client = open(Mechanism::external, as("", ""));
  EXPECT_EQ(encode_initial(client.initial()->value()), "=");
  ClientExchange other = open(Mechanism::external, as("", "", "fred@example.com"));
  EXPECT_EQ(other.initial()->value(), "fred@example.com");
}

TEST(ClientExchange, CredentialsThatCanNotBeSent) {
  ClientExchange nul = open(Mechanism::plain, as("tim", "a\0b"s));
  EXPECT_EQ(nul.initial().error().fault(), Fault::refused);
  ClientExchange plus = open(Mechanism::scram_sha_256_plus, as("tim", "secret"));
  EXPECT_EQ(plus.initial().error().fault(), Fault::refused);
  EXPECT_FALSE(plus.answer(""));
  ClientExchange bad = open(Mechanism::scram_sha_256, as("tim\x07", "secret"));
  EXPECT_FALSE(bad.initial());
}

TEST(ClientExchange, ScramTurnsDownServersThatTalkNonsense) {
  const std::vector<std::string> messages = {
      "x",          "r=,s=,i=", "r=other,s=c2FsdA==,i=4096", "m=x,r=a,s=c2FsdA==,i=4096",
      "v=AAAA",     ",",        "r=other\0,s=c2FsdA==,i=1"s, std::string(100'000, ','),
      "\xFF\xFE,,", "i=4096,i="};
  for (const std::string& message : messages) {
    ClientExchange client = open(Mechanism::scram_sha_256, as("tim", "secret"));
    ASSERT_TRUE(client.initial());
    EXPECT_FALSE(client.answer(message)) << message.substr(0, 40);
    EXPECT_FALSE(client.is_complete());
  }
}

struct ChoiceCase {
  const char* name;
  const char* offered;
  Choice choice;
  std::string_view want;  ///< Empty: none.
};

void PrintTo(const ChoiceCase& c, std::ostream* out) { *out << c.name; }

Choice with(void (*change)(Choice&)) {
  Choice choice{.tls = true,
                .insecure_plain = false,
                .binding = true,
                .certificate = false,
                .only = std::nullopt};
  change(choice);
  return choice;
}

class Choose : public testing::TestWithParam<ChoiceCase> {};

TEST_P(Choose, TakesTheBestThatIsAllowed) {
  const auto chosen = choose(parse_mechanisms(GetParam().offered), GetParam().choice);
  EXPECT_EQ(chosen ? name(*chosen) : "", GetParam().want);
}

constexpr const char* kAll =
    "LOGIN plain NTLM CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-1-PLUS SCRAM-SHA-256 SCRAM-SHA-256-PLUS "
    "XOAUTH2 EXTERNAL";
constexpr const char* kOld = "CRAM-MD5 LOGIN PLAIN";

INSTANTIATE_TEST_SUITE_P(
    Mechanisms, Choose,
    testing::Values(
        ChoiceCase{"best", kAll, with([](Choice&) {}), "SCRAM-SHA-256-PLUS"},
        ChoiceCase{"certificate", kAll, with([](Choice& c) { c.certificate = true; }), "EXTERNAL"},
        ChoiceCase{"no_binding", kAll, with([](Choice& c) { c.binding = false; }), "SCRAM-SHA-256"},
        ChoiceCase{"no_tls", kAll, with([](Choice& c) { c.tls = false; }), "SCRAM-SHA-256"},
        ChoiceCase{"old_server", kOld, with([](Choice&) {}), "PLAIN"},
        ChoiceCase{"old_server_no_tls", kOld, with([](Choice& c) { c.tls = false; }), "CRAM-MD5"},
        ChoiceCase{"plain_no_tls", "PLAIN", with([](Choice& c) { c.tls = false; }), ""},
        ChoiceCase{"plain_anyway", "PLAIN", with([](Choice& c) {
                     c.tls = false;
                     c.insecure_plain = true;
                   }),
                   "PLAIN"},
        ChoiceCase{"only", kAll, with([](Choice& c) { c.only = Mechanism::login; }), "LOGIN"},
        ChoiceCase{"only_not_offered", "PLAIN", with([](Choice& c) { c.only = Mechanism::login; }),
                   ""},
        ChoiceCase{"unknown", "NTLM XOAUTH2", with([](Choice&) {}), ""},
        ChoiceCase{"nothing", "", with([](Choice&) {}), ""}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Mechanisms, NamesComeBackWhateverTheCase) {
  for (const Mechanism mechanism : kMechanisms)
    EXPECT_EQ(parse_mechanism(name(mechanism)), mechanism);
  EXPECT_EQ(parse_mechanism("scram-Sha-1"), Mechanism::scram_sha_1);
  EXPECT_EQ(parse_mechanism("SCRAM-SHA-1-"), std::nullopt);
  EXPECT_EQ(parse_mechanisms("  login PLAIN  LOGIN ").size(), 2U);
}

TEST(Line, EmptyResponsesAreTold) {
  EXPECT_EQ(decode_initial("=").value(), "");
  EXPECT_FALSE(decode_initial(""));
  EXPECT_EQ(decode_line("").value(), "");
  EXPECT_FALSE(decode_line("="));
  EXPECT_FALSE(decode_line("*"));
  EXPECT_EQ(encode_initial(""), "=");
  EXPECT_EQ(encode_line(""), "");
  EXPECT_TRUE(decode_line(std::string(kLineOctetsMax, 'A')));
  EXPECT_EQ(decode_line(std::string(kLineOctetsMax + 4, 'A')).error().fault(), Fault::overloaded);
}

}  // namespace
}  // namespace veredus::sasl
