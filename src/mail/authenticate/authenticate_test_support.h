// For tests of logging in: a simulated site with accounts, and clients of it.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "io/sim/test_support.h"
#include "io/sim/world.h"
#include "mail/authenticate/login.h"
#include "mail/authenticate/password.h"
#include "wire/sasl/client_exchange.h"
#include "wire/sasl/line.h"

namespace veredus::authenticate {

/// Cheap, but not as cheap as a light hash.
inline constexpr HashCost kTestCost{.passes = 1, .memory_bytes = 64 * 1024};
inline constexpr CredentialCost kTestCredential{.hash = kTestCost, .scram_iterations = 4096};

/// One who logs in.
struct Visitor {
  std::string user = "ann@example.org";
  std::string password = "correct horse";
  sasl::Mechanism mechanism = sasl::Mechanism::plain;
  std::string from = "198.51.100.7";
  directory::Protocol protocol = directory::Protocol::submission;
  Channel channel = {.encrypted = true, .binding = {}, .certificate_account = {}};
  std::string authorize_as = {};
};

/// Plays the exchange to its end as a client does.
inline io::Task<LoginStep> log_in(Authenticator& authenticator, Visitor visitor) {
  Login login(authenticator, Client{IpAddress::parse(visitor.from).value(), visitor.protocol, "s1"},
              visitor.channel);
  const sasl::Credentials credentials{.user = visitor.user,
                                      .password = Secret(visitor.password),
                                      .authorize_as = visitor.authorize_as};
  sasl::ClientExchange client({.mechanism = visitor.mechanism, .binding = visitor.channel.binding},
                              credentials);
  std::optional<std::string> initial = client.initial().value();
  if (initial) initial = sasl::encode_initial(*initial);
  LoginStep step =
      co_await login.start(std::string(sasl::name(visitor.mechanism)), std::move(initial));
  while (auto* challenge = std::get_if<ChallengeLine>(&step)) {
    const auto answer = client.answer(sasl::decode_line(challenge->text).value());
    std::string line = answer ? sasl::encode_line(*answer) : "*";
    step = co_await login.next(std::move(line));
  }
  co_return step;
}

/// "ok ann@example.org", "ok ann@example.org/phone", or the Denial.
inline std::string show(const LoginStep& step) {
  if (const auto* identity = std::get_if<Identity>(&step))
    return "ok " + identity->account +
           (identity->credential.empty() ? "" : "/" + identity->credential);
  if (std::holds_alternative<ChallengeLine>(step)) return "challenge";
  switch (std::get<Denial>(step).reason) {
    case Denial::Reason::unknown_mechanism:
      return "unknown mechanism";
    case Denial::Reason::needs_encryption:
      return "needs encryption";
    case Denial::Reason::malformed:
      return "malformed";
    case Denial::Reason::too_long:
      return "too long";
    case Denial::Reason::cancelled:
      return "cancelled";
    case Denial::Reason::refused:
      return "refused";
    case Denial::Reason::throttled:
      return "throttled";
    case Denial::Reason::unavailable:
      return "unavailable";
  }
  return "?";
}

/// A site where ann@example.org has the password "correct horse". Nothing waits in it but what
/// the simulation makes wait.
class Site {
 public:
  explicit Site(AuthenticateConfig config = make_config(), sim::Faults faults = {})
      : world(1, faults) {
    add("ann@example.org").credentials = {
        make_credential(Secret("correct horse"), {}, {}, kTestCredential).value()};
    start(std::move(config), {});
  }

  static AuthenticateConfig make_config() {
    AuthenticateConfig config;
    config.hash = kTestCost;
    config.scram_iterations = kTestCredential.scram_iterations;
    return config;
  }

  void start(AuthenticateConfig config, std::string pam_folder) {
    authenticator = &world.server().own<Authenticator>(
        std::move(config),
        Surroundings{
            .system = world.system(),
            .find_account = [this](std::string address) { return find(std::move(address)); },
            .site_key = Secret("a key of this site, 32 octets!!!"),
            .pam_folder = std::move(pam_folder)});
  }

  directory::Account& add(const std::string& address) {
    directory::Account& account = accounts[address];
    account.address = address;
    return account;
  }

  /// What the visitor hears, in virtual time.
  std::string hear(Visitor visitor) { return show(step(std::move(visitor))); }
  LoginStep step(Visitor visitor) {
    std::optional<LoginStep> end;
    world.spawn("visitor", sim::keep(log_in(*authenticator, std::move(visitor)), end));
    world.run_until([&] { return end.has_value(); });
    return *end;
  }

  io::Task<Result<std::optional<directory::Account>>> find(std::string address) {
    if (directory_is_down) co_return fail(Fault::unavailable, "no directory");
    const auto found = accounts.find(address);
    if (found == accounts.end()) co_return std::nullopt;
    co_return found->second;
  }

  std::map<std::string, directory::Account> accounts;
  bool directory_is_down = false;
  sim::World world;
  Authenticator* authenticator = nullptr;
};

}  // namespace veredus::authenticate
