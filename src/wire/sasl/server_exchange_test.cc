#include "wire/sasl/server_exchange.h"

#include <array>
#include <optional>
#include <ostream>
#include <string>
#include <variant>

#include <gtest/gtest.h>

#include "wire/sasl/line.h"

namespace veredus::sasl {
namespace {

using namespace std::string_literals;

std::string show(const Step& step) {
  if (const auto* check = std::get_if<CheckPassword>(&step)) {
    return "check " + check->account + '/' + check->authorize_as + '/' +
           std::string(check->password.reveal());
  }
  if (const auto* proven = std::get_if<Proven>(&step))
    return "proven " + proven->account + '/' + proven->authorize_as;
  if (const auto* failed = std::get_if<Failed>(&step))
    return failed->error.fault() == Fault::malformed ? "malformed" : "refused";
  if (const auto* need = std::get_if<NeedSecrets>(&step)) return "need " + need->account;
  return "challenge " + std::get<Challenge>(step).text;
}

struct MessageCase {
  const char* name;
  Mechanism mechanism;
  std::string message;
  std::string want;
};

void PrintTo(const MessageCase& c, std::ostream* out) { *out << c.name; }

/// The answer to the client's first message: as initial response, or after an empty challenge.
class FirstMessage : public testing::TestWithParam<MessageCase> {};

TEST_P(FirstMessage, IsTakenOrTurnedDown) {
  const ServerOptions options{.mechanism = GetParam().mechanism,
                              .binding = {},
                              .plus_offered = false,
                              .certificate_account = "cert@example.org"};
  ServerExchange server(options);
  EXPECT_EQ(show(server.start(GetParam().message)), GetParam().want);
  ServerExchange later(options);
  ASSERT_TRUE(std::holds_alternative<Challenge>(later.start(std::nullopt)));
  EXPECT_EQ(show(later.step(GetParam().message)), GetParam().want);
}

constexpr Mechanism kPlain = Mechanism::plain;
constexpr Mechanism kScram = Mechanism::scram_sha_1;
constexpr Mechanism kExternal = Mechanism::external;

std::string name_of(const testing::TestParamInfo<MessageCase>& test) { return test.param.name; }

INSTANTIATE_TEST_SUITE_P(
    Rfc4616, FirstMessage,
    testing::Values(
        MessageCase{"example_1", kPlain, "\0tim\0tanstaaftanstaaf"s, "check tim//tanstaaftanstaaf"},
        MessageCase{"example_2", kPlain, "Ursel\0Kurt\0xipj3plmq"s, "check Kurt/Ursel/xipj3plmq"},
        MessageCase{"rfc_4954", kPlain, decode_initial("dGVzdAB0ZXN0ADEyMzQ=").value_or(""),
                    "check test//1234"},
        MessageCase{"utf_8", kPlain, "\0j\u00FCrgen\0\u00FC\u00DF\u65E5"s,
                    "check j\u00FCrgen//\u00FC\u00DF\u65E5"},
        MessageCase{"nothing", kPlain, "", "malformed"},
        MessageCase{"one_nul", kPlain, "\0"s, "malformed"},
        MessageCase{"two_nuls", kPlain, "\0\0"s, "malformed"},
        MessageCase{"no_password", kPlain, "\0tim\0"s, "malformed"},
        MessageCase{"no_account", kPlain, "\0\0password"s, "malformed"},
        MessageCase{"no_nul", kPlain, "tim", "malformed"},
        MessageCase{"too_many_nuls", kPlain, "\0tim\0pass\0word"s, "malformed"},
        MessageCase{"nul_at_end", kPlain, "\0tim\0password\0"s, "malformed"},
        MessageCase{"latin_1_password", kPlain, "\0tim\0p\xE4ss"s, "malformed"},
        MessageCase{"latin_1_account", kPlain, "\0t\xEFm\0pass"s, "malformed"},
        MessageCase{"latin_1_act_as", kPlain, "\xEF\0tim\0pass"s, "malformed"},
        MessageCase{"control_in_account", kPlain, "\0t\r\nm\0pass"s, "malformed"},
        MessageCase{"control_in_password", kPlain, "\0tim\0\x07"s, "malformed"},
        MessageCase{"account_of_nothing", kPlain, "\0\xC2\xAD\0pass"s, "malformed"},
        MessageCase{"act_as_of_nothing", kPlain, "\xC2\xAD\0tim\0pass"s, "malformed"},
        MessageCase{"password_of_nothing", kPlain, "\0tim\0\xC2\xAD"s, "malformed"},
        MessageCase{"too_long", kPlain, "\0tim\0"s + std::string(kLineOctetsMax, 'x'),
                    "malformed"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Rfc5802, FirstMessage,
    testing::Values(
        MessageCase{"example", kScram, "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL", "need user"},
        MessageCase{"escapes", kScram, "n,a=x=2Cy,n=a=3Db=2Cc,r=abc", "need a=b,c"},
        MessageCase{"extension", kScram, "n,,n=user,r=abc,x=y", "need user"},
        MessageCase{"nothing", kScram, "", "malformed"},
        MessageCase{"no_flag", kScram, "n=user,r=abc", "malformed"},
        MessageCase{"bad_flag", kScram, "q,,n=user,r=abc", "malformed"},
        MessageCase{"upper_flag", kScram, "N,,n=user,r=abc", "malformed"},
        MessageCase{"no_binding_name", kScram, "p=,,n=user,r=abc", "malformed"},
        MessageCase{"bound", kScram, "p=tls-unique,,n=user,r=abc", "refused"},
        MessageCase{"one_comma", kScram, "n,n=user,r=abc", "malformed"},
        MessageCase{"mandatory", kScram, "n,,m=x,n=user,r=abc", "malformed"},
        MessageCase{"no_account", kScram, "n,,n=,r=abc", "malformed"},
        MessageCase{"no_nonce_at_all", kScram, "n,,n=user", "malformed"},
        MessageCase{"bad_escape", kScram, "n,,n=a=2c,r=abc", "malformed"},
        MessageCase{"cut_escape", kScram, "n,,n=a=,r=abc", "malformed"},
        MessageCase{"act_as_empty", kScram, "n,a=,n=user,r=abc", "malformed"},
        MessageCase{"control", kScram, "n,,n=us\ner,r=abc", "malformed"},
        MessageCase{"latin_1", kScram, "n,,n=\xE4,r=abc", "malformed"},
        MessageCase{"account_of_nothing", kScram, "n,,n=\xC2\xAD,r=abc", "malformed"},
        MessageCase{"nul", kScram, "n,,n=us\0er,r=abc"s, "malformed"},
        MessageCase{"too_long", kScram, "n,,n=" + std::string(kLineOctetsMax, 'x') + ",r=abc",
                    "malformed"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(Rfc4422AppendixA, FirstMessage,
                         testing::Values(MessageCase{"nothing", kExternal, "",
                                                     "proven cert@example.org/"},
                                         MessageCase{"act_as", kExternal, "fred@example.com",
                                                     "proven cert@example.org/fred@example.com"},
                                         MessageCase{"nul", kExternal, "fred\0"s, "malformed"},
                                         MessageCase{"latin_1", kExternal, "fr\xE9", "malformed"},
                                         MessageCase{"control", kExternal, "a\nb", "malformed"}),
                         name_of);

/// A client that could bind and was not offered -PLUS though we did: the list was changed on the
/// way (RFC 5802 §6). Where we did not offer it, all is well.
TEST(ServerExchange, ScramFindsOutAListThatWasChanged) {
  const auto start = [](bool plus_offered) {
    ServerExchange server({.mechanism = kScram,
                           .binding = {.exporter = "0123456789", .unique = {}},
                           .plus_offered = plus_offered,
                           .certificate_account = {}});
    const Step step = server.start("y,,n=user,r=abc");
    if (!std::holds_alternative<NeedSecrets>(step)) return show(step);
    return show(server.give(fake_verifier(Hash::sha1, Secret("k"), "user", 4096))).substr(0, 9);
  };
  EXPECT_EQ(start(true), "refused");
  EXPECT_EQ(start(false), "challenge");
}

TEST(ServerExchange, ExternalNeedsACertificate) {
  ServerExchange server({.mechanism = Mechanism::external,
                         .binding = {},
                         .plus_offered = false,
                         .certificate_account = {}});
  EXPECT_EQ(show(server.start("")), "refused");
}

/// After NeedSecrets the rest of the first message is read: a bad one fails then.
TEST(ServerExchange, ScramNeedsANonce) {
  for (const char* message : {"n,,n=user,", "n,,n=user,r=", "n,,n=user,x=y"}) {
    ServerExchange server(
        {.mechanism = kScram, .binding = {}, .plus_offered = false, .certificate_account = {}});
    ASSERT_EQ(show(server.start(message)), "need user") << message;
    EXPECT_EQ(show(server.give(fake_verifier(Hash::sha1, Secret("k"), "user", 4096))), "malformed")
        << message;
  }
}

TEST(ServerExchange, ScramFinalMessageMustBeWhole) {
  const std::array<const char*, 8> kMessages{
      "",         "c=biws",       "c=biws,r=abc", "c=biws,r=abc,p=", "c=biws,r=abc,p=AAAA",
      "r=a,p=AA", "c=!!,r=a,p=A", ",,,"};
  for (const char* message : kMessages) {
    ServerExchange server(
        {.mechanism = kScram, .binding = {}, .plus_offered = false, .certificate_account = {}});
    server.start("n,,n=user,r=abc");
    server.give(fake_verifier(Hash::sha1, Secret("k"), "user", 4096));
    EXPECT_TRUE(std::holds_alternative<Failed>(server.step(message))) << message;
  }
}

TEST(ServerExchange, LoginAsksAsOldClientsExpect) {
  for (const bool with_initial : {false, true}) {
    ServerExchange server({.mechanism = Mechanism::login,
                           .binding = {},
                           .plus_offered = false,
                           .certificate_account = {}});
    if (with_initial) {
      EXPECT_EQ(show(server.start("tim")), "challenge Password:");
    } else {
      EXPECT_EQ(show(server.start(std::nullopt)), "challenge Username:");
      EXPECT_EQ(show(server.step("tim")), "challenge Password:");
    }
    EXPECT_EQ(show(server.step("secret")), "check tim//secret");
    EXPECT_EQ(show(server.step("secret")), "refused");
  }
}

TEST(ServerExchange, LoginTurnsDownWhatIsNoText) {
  for (const std::string& password : {""s, "\xE4"s, "a\nb"s, "a\0b"s}) {
    ServerExchange server({.mechanism = Mechanism::login,
                           .binding = {},
                           .plus_offered = false,
                           .certificate_account = {}});
    EXPECT_EQ(show(server.start("tim")), "challenge Password:");
    EXPECT_EQ(show(server.step(password)), "malformed");
  }
  ServerExchange server({.mechanism = Mechanism::login,
                         .binding = {},
                         .plus_offered = false,
                         .certificate_account = {}});
  EXPECT_EQ(show(server.start("")), "malformed");
}

TEST(ServerExchange, CramMd5) {
  const auto open = [] {
    return ServerExchange({.mechanism = Mechanism::cram_md5,
                           .binding = {},
                           .plus_offered = false,
                           .certificate_account = {}});
  };
  EXPECT_EQ(show(open().start("")), "malformed") << "no initial response";
  for (const char* response : {"", "tim", " ", " 0123", "\xFF 0123"}) {
    ServerExchange server = open();
    server.start(std::nullopt);
    EXPECT_EQ(show(server.step(response)), "malformed") << response;
  }
  for (const char* response : {"tim ", "tim 0123", "tim b913a602c7eda7a495b4e6e7334d3890",
                               "tim b913a602c7eda7a495b4e6e7334d3890x"}) {
    ServerExchange server = open();
    server.start(std::nullopt);
    EXPECT_EQ(show(server.step(response)), "need tim") << response;
    EXPECT_TRUE(std::holds_alternative<Failed>(server.give(Secret("tanstaaftanstaaf"))));
  }
}

/// A challenge is a message id of its own each time, or an old answer could be sent again.
TEST(ServerExchange, CramMd5NeverChallengesTwiceTheSame) {
  const auto challenge = [] {
    ServerExchange server({.mechanism = Mechanism::cram_md5,
                           .binding = {},
                           .plus_offered = false,
                           .certificate_account = {}});
    return show(server.start(std::nullopt));
  };
  const std::string first = challenge();
  EXPECT_TRUE(first.starts_with("challenge <") && first.ends_with(">"));
  EXPECT_NE(first, challenge());
}

}  // namespace
}  // namespace veredus::sasl
