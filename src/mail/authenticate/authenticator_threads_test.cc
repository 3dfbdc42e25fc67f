// With the threads of production: sessions on one reactor, the judge on another, hashes on workers.

#include <future>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "io/production.h"
#include "io/wait_for.h"
#include "mail/authenticate/authenticate_test_support.h"

namespace veredus::authenticate {
namespace {

io::Task<Result<std::optional<directory::Account>>> find_ann(std::string address) {
  if (address != "ann@example.org") co_return std::nullopt;
  directory::Account account;
  account.address = address;
  account.credentials = {make_credential(Secret("correct horse"), {}, {}, kTestCredential).value()};
  co_return account;
}

io::Task<std::string> hear(Authenticator& authenticator, Visitor visitor) {
  const LoginStep step = co_await log_in(authenticator, std::move(visitor));
  co_return show(step);
}

TEST(AuthenticatorThreads, SessionsOnEveryReactorAreJudgedOnOne) {
  auto production = io::Production::make({.reactors = 2, .workers = 2, .dns = {}});
  ASSERT_TRUE(production) << production.error().text();
  const io::System system = (*production)->system();
  Authenticator authenticator(Site::make_config(), {.system = system,
                                                    .find_account = &find_ann,
                                                    .site_key = Secret("a key of this site"),
                                                    .pam_folder = {}});
  std::vector<std::future<std::string>> right;
  for (int i = 0; i < 40; ++i) {
    io::Reactor& reactor = *system.reactors[static_cast<std::size_t>(i) % 2];
    Visitor visitor{.password = i % 4 == 3 ? "wrong" : "correct horse",
                    .from = "10.0.0." + std::to_string(i)};
    right.push_back(std::async(std::launch::async, [&authenticator, &reactor, visitor] {
      return io::wait_for(reactor, hear(authenticator, visitor));
    }));
    if (i == 20) authenticator.replace(Site::make_config());
  }
  for (auto& heard : right) {
    const std::string said = heard.get();
    EXPECT_TRUE(said == "ok ann@example.org" || said == "refused" || said == "throttled") << said;
  }
  (*production)->stop();
  EXPECT_EQ((*production)->reactors().tasks_failed(), 0U);
}

}  // namespace
}  // namespace veredus::authenticate
