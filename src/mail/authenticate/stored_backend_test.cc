#include "mail/authenticate/stored_backend.h"

#include <gtest/gtest.h>

#include "mail/authenticate/authenticate_test_support.h"

namespace veredus::authenticate {
namespace {

using directory::Protocol;

class StoredBackendTest : public testing::Test {
 protected:
  StoredBackendTest() { configure(Site::make_config()); }

  void configure(const AuthenticateConfig& config) {
    backend.configure(std::make_shared<const AuthenticateConfig>(config));
  }

  /// The credential's name, "-" when the password is wrong, or the error; and how many hashes of
  /// full cost that took.
  std::pair<std::string, std::uint64_t> check(std::string_view login, std::string_view password,
                                              Protocol protocol = Protocol::imap) {
    const std::uint64_t before = backend.computations();
    Claim claim{.login = parse_login_name(login, ""),
                .account = login.starts_with("ann@") ? ann : nullptr,
                .protocol = protocol,
                .client = IpAddress::v4({192, 0, 2, 1})};
    std::optional<Result<std::optional<std::string>>> end;
    world.spawn("check", sim::keep(backend.check(claim, Secret(std::string(password))), end));
    world.run_until([&] { return end.has_value(); });
    const std::string text = !*end                 ? end->error().text()
                             : (*end)->has_value() ? ***end
                                                   : std::string("-");
    return {text, backend.computations() - before};
  }

  static std::shared_ptr<const directory::Account> make_ann(std::string_view password) {
    directory::Account account;
    account.address = "ann@example.org";
    const auto add = [&](const Secret& secret, std::string name, std::vector<Protocol> protocols) {
      account.credentials.push_back(
          make_credential(secret, std::move(name), std::move(protocols), kTestCredential).value());
    };
    add(Secret(std::string(password)), {}, {});
    add(Secret(std::string(kPhone)), "phone", {Protocol::imap});
    add(Secret("chosen by hand"), "printer", {});
    return std::make_shared<const directory::Account>(std::move(account));
  }

  static constexpr std::string_view kPhone = "abcd-efgh-2345-mnop";
  using Heard = std::pair<std::string, std::uint64_t>;

  sim::World world{1};
  StoredBackend backend{world.system()};
  std::shared_ptr<const directory::Account> ann = make_ann("correct horse");
};

TEST_F(StoredBackendTest, EveryWrongAttemptCostsOneHash) {
  const Heard wrong{"-", 1U};
  EXPECT_EQ(check("ann@example.org", "wrong"), wrong);
  EXPECT_EQ(check("bob@example.org", "wrong"), wrong) << "no such account";
  EXPECT_EQ(check("ann@example.org/phone", "wrong"), wrong);
  EXPECT_EQ(check("ann@example.org/printer", "wrong"), wrong);
  EXPECT_EQ(check("ann@example.org/watch", "wrong"), wrong) << "no such app password";
  EXPECT_EQ(check("ann@example.org", kPhone, Protocol::submission), wrong) << "not for that";
  EXPECT_EQ(check("ann@example.org/phone", kPhone, Protocol::submission), wrong);
  EXPECT_EQ(check("ann@example.org/phone", "correct horse"), wrong) << "another one was named";
}

TEST_F(StoredBackendTest, FindsTheCredential) {
  EXPECT_EQ(check("ann@example.org", "correct horse"), Heard("", 1));
  EXPECT_EQ(check("ann@example.org", kPhone), Heard("phone", 1));
  EXPECT_EQ(check("ann@example.org/phone", kPhone), Heard("phone", 0)) << "remembered";
  EXPECT_EQ(check("ann@example.org/printer", "chosen by hand"), Heard("printer", 1));
  EXPECT_EQ(check("ann@example.org", "chosen by wrong hand"), Heard("-", 1));
}

TEST_F(StoredBackendTest, ARightPasswordIsRememberedAWhileAndOnlyForItsHash) {
  EXPECT_EQ(check("ann@example.org", "correct horse"), Heard("", 1));
  EXPECT_EQ(check("ann@example.org", "correct horse"), Heard("", 0));
  EXPECT_EQ(check("ann@example.org", "correct horsf"), Heard("-", 1));
  EXPECT_EQ(check("bob@example.org", "correct horse"), Heard("-", 1));
  ann = make_ann("new password");
  EXPECT_EQ(check("ann@example.org", "correct horse"), Heard("-", 1)) << "changed: no more";
  ann = make_ann("correct horse");
  EXPECT_EQ(check("ann@example.org", "correct horse"), Heard("", 1)) << "with a new salt";
  world.run_for(std::chrono::seconds(301));
  EXPECT_EQ(check("ann@example.org", "correct horse"), Heard("", 1));
}

TEST_F(StoredBackendTest, NothingIsRememberedWhenToldSo) {
  auto config = Site::make_config();
  config.remember = std::chrono::seconds(0);
  configure(config);
  EXPECT_EQ(check("ann@example.org", "correct horse"), Heard("", 1));
  EXPECT_EQ(check("ann@example.org", "correct horse"), Heard("", 1));
}

}  // namespace
}  // namespace veredus::authenticate
