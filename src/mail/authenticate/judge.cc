#include "mail/authenticate/judge.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "io/random.h"
#include "mail/authenticate/password.h"

namespace veredus::authenticate {
namespace {

// Why somebody was refused, for the log alone.
constexpr std::string_view kUnknown = "unknown_account";
constexpr std::string_view kDisabled = "account_disabled";
constexpr std::string_view kWrong = "wrong_password";
constexpr std::string_view kNoSuchSecret = "no_password_of_this_kind";
constexpr std::string_view kOther = "acts_for_another_account";

/// For the throttle's hashes.
Secret throttle_key(io::Random& random) {
  std::string key;
  while (key.size() < 16) {
    const std::uint64_t word = random.next();
    key.append(reinterpret_cast<const char*>(&word), sizeof(word));
  }
  return Secret(std::move(key));
}

/// What is stored of a credential for a mechanism; empty: nothing.
std::string stored_text(const directory::Credential& credential, sasl::Mechanism mechanism) {
  if (mechanism == sasl::Mechanism::cram_md5)
    return credential.argon2id.starts_with(kPlainScheme)
               ? credential.argon2id.substr(kPlainScheme.size())
               : std::string();
  return sasl::scram_hash(mechanism) == sasl::Hash::sha1 ? credential.scram_sha_1
                                                         : credential.scram_sha_256;
}

/// The text of the credential that the login names (the account's own password when none).
std::string kept_text(const directory::Account* account, const LoginName& login,
                      sasl::Mechanism mechanism, directory::Protocol protocol) {
  if (account == nullptr) return {};
  const auto& credentials = account->credentials;
  const auto found = std::ranges::find(credentials, login.credential, &directory::Credential::name);
  if (found == credentials.end() || !is_for(*found, protocol)) return {};
  return stored_text(*found, mechanism);
}

/// Nothing when `text` is empty or no verifier of that hash.
std::optional<sasl::Secrets> read_secrets(const std::string& text, sasl::Mechanism mechanism) {
  if (text.empty()) return std::nullopt;
  if (mechanism == sasl::Mechanism::cram_md5) return Secret(text);
  auto verifier = sasl::parse_scram_verifier(text);
  if (!verifier || verifier->hash != sasl::scram_hash(mechanism)) return std::nullopt;
  return *std::move(verifier);
}

}  // namespace

Authenticator::Judge::Judge(std::shared_ptr<const AuthenticateConfig> config,
                            Surroundings surroundings)
    : system_(surroundings.system),
      find_account_(std::move(surroundings.find_account)),
      site_key_(std::move(surroundings.site_key)),
      throttle_(config->throttle, throttle_key(system_.random)),
      stored_(system_),
      pam_(system_, std::move(surroundings.pam_folder)) {
  configure(std::move(config));
}

void Authenticator::Judge::configure(std::shared_ptr<const AuthenticateConfig> config) {
  throttle_.configure(config->throttle);
  stored_.configure(config);
  pam_.configure(config);
  config_ = std::move(config);
}

io::Task<Verdict> Authenticator::Judge::check_password(PasswordAttempt attempt) {
  const Try tried = begin(attempt.login, attempt.mechanism, attempt.client);
  if (auto denial = throttled(tried)) co_return std::unexpected(*std::move(denial));
  std::string_view why = kWrong;
  auto account = co_await find(tried.login, why);
  if (!account) co_return std::unexpected(unavailable(tried, account.error()));

  Claim claim{.login = tried.login,
              .account = *account,
              .protocol = tried.client.protocol,
              .client = network_of(tried.client.address)};
  const bool for_another =
      !attempt.authorize_as.empty() &&
      parse_login_name(attempt.authorize_as, config_->default_domain).account !=
          tried.login.account;
  if (for_another) why = kOther;
  // Not PAM's: who may not log in, else its account management could tell.
  const bool asks_pam = pam_.serves(tried.login) && why != kDisabled && !for_another;
  if (for_another) claim.account = nullptr;
  PasswordBackend& backend = asks_pam ? static_cast<PasswordBackend&>(pam_) : stored_;
  auto name = co_await backend.check(std::move(claim), std::move(attempt.password));
  if (!name) co_return std::unexpected(unavailable(tried, name.error()));

  // Others may have failed meanwhile: whoever comes too late does not hear what came out.
  if (auto denial = throttled(tried)) co_return std::unexpected(*std::move(denial));
  if (!*name) co_return std::unexpected(refuse(tried, asks_pam ? kWrong : why));
  std::string address = *account ? (*account)->address : tried.login.account;
  co_return accept(tried, {.account = std::move(address),
                           .credential = **std::move(name),
                           .mechanism = attempt.mechanism,
                           .by_pam = asks_pam});
}

io::Task<Authenticator::Expected> Authenticator::Judge::secrets_of(ProofAttempt attempt) {
  const Try tried = begin(attempt.login, attempt.mechanism, attempt.client);
  if (auto denial = throttled(tried)) co_return std::unexpected(*std::move(denial));
  std::string_view why;
  const auto account = co_await find(tried.login, why);
  if (!account) co_return std::unexpected(unavailable(tried, account.error()));

  std::string text =
      kept_text(account->get(), tried.login, attempt.mechanism, tried.client.protocol);
  if (auto secrets = read_secrets(text, attempt.mechanism))
    co_return Expectation{*std::move(secrets), Secret(std::move(text))};
  const std::string name = tried.login.account + "/" + tried.login.credential;
  const auto hash = sasl::scram_hash(attempt.mechanism);
  if (!hash) co_return Expectation{sasl::fake_password(site_key_, name), Secret()};
  co_return Expectation{sasl::fake_verifier(*hash, site_key_, name, config_->scram_iterations),
                        Secret()};
}

io::Task<Verdict> Authenticator::Judge::judge(ProofAttempt attempt, Expectation expectation,
                                              bool proven) {
  const Try tried = begin(attempt.login, attempt.mechanism, attempt.client);
  std::string_view why = expectation.kept_as.empty() ? kNoSuchSecret : kWrong;
  // Again: the account may have changed since the exchange began.
  const auto account = co_await find(tried.login, why);
  if (!account) co_return std::unexpected(unavailable(tried, account.error()));
  if (auto denial = throttled(tried)) co_return std::unexpected(*std::move(denial));

  const Secret text(
      kept_text(account->get(), tried.login, attempt.mechanism, tried.client.protocol));
  if (!proven || text.empty() || text != expectation.kept_as)
    co_return std::unexpected(refuse(tried, why));
  co_return accept(tried, {.account = (*account)->address,
                           .credential = tried.login.credential,
                           .mechanism = attempt.mechanism});
}

io::Task<Verdict> Authenticator::Judge::check_certificate(ProofAttempt attempt) {
  const Try tried = begin(attempt.login, attempt.mechanism, attempt.client);
  std::string_view why = kUnknown;
  const auto account = co_await find(tried.login, why);
  if (!account) co_return std::unexpected(unavailable(tried, account.error()));
  if (*account == nullptr) co_return std::unexpected(refuse(tried, why));
  co_return accept(
      tried, {.account = (*account)->address, .credential = {}, .mechanism = attempt.mechanism});
}

Authenticator::Judge::Try Authenticator::Judge::begin(const std::string& login,
                                                      sasl::Mechanism mechanism,
                                                      const Client& client) const {
  return {parse_login_name(login, config_->default_domain), mechanism, client};
}

io::Task<Result<Authenticator::Judge::Account>> Authenticator::Judge::find(LoginName login,
                                                                           std::string_view& why) {
  if (!login.is_address) {
    why = kUnknown;
    co_return nullptr;
  }
  auto found = co_await find_account_(login.account);
  if (!found) co_return fail(found.error());
  if (*found && !(*found)->disabled)
    co_return std::make_shared<const directory::Account>(**std::move(found));
  why = *found ? kDisabled : kUnknown;
  co_return nullptr;
}

std::optional<Denial> Authenticator::Judge::throttled(const Try& attempt) const {
  const SteadyTime now = system_.clock.now();
  const SteadyTime until =
      throttle_.blocked_until(attempt.login.account, attempt.client.address, now);
  if (until <= now) return std::nullopt;
  const auto wait = std::chrono::ceil<std::chrono::seconds>(until - now);
  log::info("auth_throttled", {{"session", attempt.client.session},
                               {"client", attempt.client.address.text()},
                               {"account", printable(attempt.login.account)},
                               {"mechanism", sasl::name(attempt.mechanism)},
                               {"retry_in", wait.count()}});
  return Denial{.reason = Denial::Reason::throttled,
                .text = "too many failed attempts, try again later",
                .retry_in = wait};
}

Denial Authenticator::Judge::refuse(const Try& attempt, std::string_view why) {
  // Who shows a certificate does not guess.
  if (attempt.mechanism != sasl::Mechanism::external)
    throttle_.failed(attempt.login.account, attempt.client.address, system_.clock.now());
  log::warning("auth_failed", {{"session", attempt.client.session},
                               {"client", attempt.client.address.text()},
                               {"account", printable(attempt.login.account)},
                               {"credential", printable(attempt.login.credential)},
                               {"mechanism", sasl::name(attempt.mechanism)},
                               {"reason", why}});
  return Denial{.reason = Denial::Reason::refused, .text = "authentication failed"};
}

Denial Authenticator::Judge::unavailable(const Try& attempt, const Error& error) const {
  log::warning("auth_unavailable", {{"session", attempt.client.session},
                                    {"client", attempt.client.address.text()},
                                    {"account", printable(attempt.login.account)},
                                    {"mechanism", sasl::name(attempt.mechanism)},
                                    {"reason", error.text()}});
  return Denial{.reason = Denial::Reason::unavailable,
                .text = "passwords cannot be checked at the moment, try again later"};
}

Identity Authenticator::Judge::accept(const Try& attempt, Identity identity) {
  if (attempt.mechanism != sasl::Mechanism::external)
    throttle_.succeeded(attempt.login.account, attempt.client.address, system_.clock.now());
  log::info("auth_ok", {{"session", attempt.client.session},
                        {"client", attempt.client.address.text()},
                        {"account", identity.account},
                        {"credential", printable(identity.credential)},
                        {"mechanism", sasl::name(attempt.mechanism)}});
  return identity;
}

}  // namespace veredus::authenticate
