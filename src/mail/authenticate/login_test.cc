#include "mail/authenticate/login.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "mail/authenticate/authenticate_test_support.h"

namespace veredus::authenticate {
namespace {

using directory::Protocol;
using sasl::Mechanism;
using std::chrono::minutes;
using std::chrono::seconds;

const Channel kBound{.encrypted = true,
                     .binding = {.exporter = std::string(32, 'e'), .unique = {}},
                     .certificate_account = {}};

class EveryMechanism : public testing::TestWithParam<Mechanism> {
 protected:
  static AuthenticateConfig make_config() {
    auto config = Site::make_config();
    config.mechanisms.assign(sasl::kMechanisms.begin(), sasl::kMechanisms.end());
    return config;
  }
  static Visitor visitor(std::string user, std::string password) {
    return {.user = std::move(user),
            .password = std::move(password),
            .mechanism = GetParam(),
            .channel = kBound};
  }

  Site site{make_config()};
};

TEST_P(EveryMechanism, TellsRightFromWrong) {
  if (GetParam() == Mechanism::cram_md5)
    site.accounts["ann@example.org"].credentials[0].argon2id = "{PLAIN}correct horse";
  EXPECT_EQ(site.hear(visitor("Ann@EXAMPLE.org", "correct horse")), "ok ann@example.org");
  EXPECT_EQ(site.hear(visitor("ann@example.org", "wrong")), "refused");
  EXPECT_EQ(site.hear(visitor("bob@example.org", "correct horse")), "refused");
  EXPECT_EQ(site.hear(visitor("no address", "correct horse")), "refused");
  site.accounts["ann@example.org"].disabled = true;
  EXPECT_EQ(site.hear(visitor("ann@example.org", "correct horse")), "refused");
  EXPECT_TRUE(site.world.failures().empty());
}

TEST_P(EveryMechanism, IsThrottledBeforeTheOutcomeShows) {
  if (GetParam() == Mechanism::cram_md5)
    site.accounts["ann@example.org"].credentials[0].argon2id = "{PLAIN}correct horse";
  for (int i = 0; i < 5; ++i) EXPECT_EQ(site.hear(visitor("ann@example.org", "wrong")), "refused");
  EXPECT_EQ(site.hear(visitor("ann@example.org", "wrong")), "throttled");
  EXPECT_EQ(site.hear(visitor("ann@example.org", "correct horse")), "throttled");
  site.world.run_for(seconds(2));
  EXPECT_EQ(site.hear(visitor("ann@example.org", "correct horse")), "ok ann@example.org");
}

/// Exchanges that began side by side are judged one after the other.
TEST_P(EveryMechanism, ManyAtOnceGetNoMoreGuessesThanOneByOne) {
  if (GetParam() == Mechanism::cram_md5)
    site.accounts["ann@example.org"].credentials[0].argon2id = "{PLAIN}correct horse";
  std::array<std::optional<LoginStep>, 200> ends;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    Visitor guess = visitor("ann@example.org", i == 199 ? "correct horse" : "wrong");
    site.world.spawn("guess", sim::keep(log_in(*site.authenticator, std::move(guess)), ends[i]));
  }
  site.world.run_until_idle(minutes(1));
  std::map<std::string, int> heard;
  for (const auto& end : ends) ++heard[show(end.value())];
  EXPECT_LE(heard["refused"], 5);
  EXPECT_EQ(heard["ok ann@example.org"], 0);
  EXPECT_EQ(heard["refused"] + heard["throttled"] + heard["unavailable"], 200);
}

INSTANTIATE_TEST_SUITE_P(All, EveryMechanism,
                         testing::Values(Mechanism::scram_sha_256_plus, Mechanism::scram_sha_256,
                                         Mechanism::scram_sha_1_plus, Mechanism::scram_sha_1,
                                         Mechanism::plain, Mechanism::login, Mechanism::cram_md5),
                         [](const auto& test) {
                           std::string name(sasl::name(test.param));
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST(Login, NobodyActsForAnother) {
  Site site;
  for (const auto mechanism :
       {Mechanism::scram_sha_256_plus, Mechanism::scram_sha_1, Mechanism::plain}) {
    Visitor visitor{.mechanism = mechanism, .channel = kBound, .authorize_as = "root@example.org"};
    EXPECT_EQ(site.hear(visitor), "refused");
    visitor.authorize_as = "ANN@example.org";
    EXPECT_EQ(site.hear(visitor), "ok ann@example.org");
  }
}

TEST(Login, AThousandWrongPasswordsFromOneAddressAndSheStillGetsIn) {
  Site site;
  EXPECT_EQ(site.hear({.from = "192.0.2.33"}), "ok ann@example.org");
  int judged = 0;
  for (int i = 0; i < 1000; ++i) {
    if (site.hear({.password = "guess" + std::to_string(i)}) == "refused") ++judged;
    site.world.run_for(seconds(1));
  }
  EXPECT_LE(judged, 16);
  EXPECT_EQ(site.hear({.from = "192.0.2.33"}), "ok ann@example.org");
}

TEST(Login, AThousandWrongPasswordsFromAThousandAddressesAndSheStillGetsIn) {
  Site site;
  EXPECT_EQ(site.hear({.from = "192.0.2.33"}), "ok ann@example.org");
  int judged = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string from = "10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250);
    if (site.hear({.password = "guess" + std::to_string(i), .from = from}) == "refused") ++judged;
    site.world.run_for(seconds(1));
  }
  EXPECT_LE(judged, 16);
  EXPECT_EQ(site.hear({.from = "203.0.113.9"}), "throttled") << "from where she never was";
  EXPECT_EQ(site.hear({.from = "192.0.2.33"}), "ok ann@example.org");
  EXPECT_EQ(site.hear({.mechanism = Mechanism::scram_sha_256, .from = "192.0.2.33"}),
            "ok ann@example.org");
}

TEST(Login, NamesThatDoNotExistAreThrottledTheSame) {
  Site site;
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(site.hear({.user = "nobody@example.org", .from = "10.0.0." + std::to_string(i)}),
              "refused");
  EXPECT_EQ(site.hear({.user = "nobody@example.org", .from = "10.0.0.9"}), "throttled");
}

TEST(Login, AppPasswordsAreForTheirProtocol) {
  Site site;
  const Secret secret = generate_password();
  const std::string password(secret.reveal());
  site.accounts["ann@example.org"].credentials.push_back(
      make_credential(secret, "phone", {Protocol::imap}, kTestCredential).value());
  EXPECT_EQ(site.hear({.password = password, .protocol = Protocol::imap}),
            "ok ann@example.org/phone");
  EXPECT_EQ(site.hear({.password = password}), "refused");
  for (const auto mechanism : {Mechanism::plain, Mechanism::scram_sha_256}) {
    Visitor visitor{.user = "ann@example.org/phone",
                    .password = password,
                    .mechanism = mechanism,
                    .protocol = Protocol::imap};
    EXPECT_EQ(site.hear(visitor), "ok ann@example.org/phone");
    visitor.protocol = Protocol::submission;
    EXPECT_EQ(site.hear(visitor), "refused");
  }
}

TEST(Login, APasswordThatChangesDuringAnExchangeIsNoLongerGood) {
  Site site;
  Login login(*site.authenticator, {IpAddress::v4({192, 0, 2, 1}), Protocol::imap, "s"}, kBound);
  sasl::ClientExchange client(
      {.mechanism = Mechanism::scram_sha_256_plus, .binding = kBound.binding},
      {.user = "ann@example.org", .password = Secret("correct horse"), .authorize_as = {}});
  const auto run = [&](io::Task<LoginStep> task) {
    std::optional<LoginStep> end;
    site.world.spawn("step", sim::keep(std::move(task), end));
    site.world.run_until([&] { return end.has_value(); });
    return *end;
  };
  const std::string initial = sasl::encode_initial(client.initial().value().value());
  LoginStep step = run(login.start("SCRAM-SHA-256-PLUS", initial));
  ASSERT_EQ(show(step), "challenge");
  site.accounts["ann@example.org"].credentials = {
      make_credential(Secret("new password"), {}, {}, kTestCredential).value()};
  const auto challenge = sasl::decode_line(std::get<ChallengeLine>(step).text).value();
  step = run(login.next(sasl::encode_line(client.answer(challenge).value())));
  EXPECT_EQ(show(step), "refused");
}

struct StartCase {
  const char* name;
  const char* mechanism;
  std::optional<std::string> initial;
  Channel channel;
  const char* want;
};
class LoginStart : public testing::TestWithParam<StartCase> {};

TEST_P(LoginStart, IsAnswered) {
  const StartCase& c = GetParam();
  Site site;
  Login login(*site.authenticator, {IpAddress::v4({192, 0, 2, 1}), Protocol::imap, "s"}, c.channel);
  std::optional<LoginStep> end;
  site.world.spawn("start", sim::keep(login.start(c.mechanism, c.initial), end));
  site.world.run_until([&] { return end.has_value(); });
  EXPECT_EQ(show(*end), c.want);
}

const Channel kClear{};
const Channel kCertificate{
    .encrypted = true, .binding = {}, .certificate_account = "ann@example.org"};
const Channel kOtherCertificate{
    .encrypted = true, .binding = {}, .certificate_account = "bob@example.org"};

INSTANTIATE_TEST_SUITE_P(
    Rfc4954Section4, LoginStart,
    testing::Values(
        StartCase{"unknown", "KERBEROS_V4", {}, kBound, "unknown mechanism"},
        StartCase{"not_configured", "CRAM-MD5", {}, kBound, "unknown mechanism"},
        StartCase{"plain_in_the_clear", "plain", {}, kClear, "needs encryption"},
        StartCase{"login_in_the_clear", "LOGIN", {}, kClear, "needs encryption"},
        StartCase{"scram_in_the_clear", "SCRAM-SHA-256", {}, kClear, "challenge"},
        StartCase{"plus_unbound", "SCRAM-SHA-256-PLUS", {}, kClear, "unknown mechanism"},
        StartCase{"external_without_certificate", "EXTERNAL", "=", kBound, "unknown mechanism"},
        StartCase{"external", "EXTERNAL", "=", kCertificate, "ok ann@example.org"},
        StartCase{"external_of_nobody", "EXTERNAL", "=", kOtherCertificate, "refused"},
        StartCase{"plain_without_initial", "PLAIN", {}, kBound, "challenge"},
        StartCase{"no_base64", "PLAIN", "???", kBound, "malformed"},
        StartCase{"no_plain_message", "PLAIN", "YW5u", kBound, "malformed"},
        StartCase{"empty", "PLAIN", "=", kBound, "malformed"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Login, CanBeCancelledAndLinesHaveALimit) {
  Site site;
  const std::map<std::string, std::string> lines{
      {"*", "cancelled"}, {"!", "malformed"}, {std::string(20'000, 'A'), "too long"}};
  for (const auto& [line, want] : lines) {
    Login login(*site.authenticator, {IpAddress::v4({192, 0, 2, 1}), Protocol::imap, "s"}, kBound);
    std::optional<LoginStep> end;
    site.world.spawn("start", sim::keep(login.start("PLAIN", std::nullopt), end));
    site.world.run_until([&] { return end.has_value(); });
    end.reset();
    site.world.spawn("next", sim::keep(login.next(line), end));
    site.world.run_until([&] { return end.has_value(); });
    EXPECT_EQ(show(*end), want);
  }
}

TEST(Login, OffersWhatTheChannelAllows) {
  const AuthenticateConfig config;
  using Mechanisms = std::vector<Mechanism>;
  EXPECT_EQ(offered(config, kClear),
            (Mechanisms{Mechanism::scram_sha_256, Mechanism::scram_sha_1}));
  EXPECT_EQ(offered(config, kBound),
            (Mechanisms{Mechanism::scram_sha_256_plus, Mechanism::scram_sha_256,
                        Mechanism::scram_sha_1_plus, Mechanism::scram_sha_1, Mechanism::plain,
                        Mechanism::login}));
  EXPECT_EQ(offered(config, kCertificate).front(), Mechanism::external);
}

TEST(Login, WhenTheDirectoryIsDownNobodyIsToldThatThePasswordIsWrong) {
  Site site;
  site.directory_is_down = true;
  for (int i = 0; i < 10; ++i)
    for (const auto mechanism : {Mechanism::plain, Mechanism::scram_sha_256})
      EXPECT_EQ(site.hear({.mechanism = mechanism}), "unavailable");
  site.directory_is_down = false;
  EXPECT_EQ(site.hear({}), "ok ann@example.org") << "nothing was counted";
}

TEST(Login, ANewConfigurationCountsAtOnceAndForgetsNoFailure) {
  Site site;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(site.hear({.password = "wrong"}), "refused");
  auto config = Site::make_config();
  config.mechanisms = {Mechanism::plain};
  site.authenticator->replace(config);
  EXPECT_EQ(site.hear({.mechanism = Mechanism::login}), "unknown mechanism");
  EXPECT_EQ(site.hear({}), "throttled");
}

}  // namespace
}  // namespace veredus::authenticate
