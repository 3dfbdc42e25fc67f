#include "mail/authenticate/login.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "wire/sasl/line.h"

namespace veredus::authenticate {
namespace {

using Reason = Denial::Reason;

constexpr std::string_view kCancel = "*";

bool fits(sasl::Mechanism mechanism, const AuthenticateConfig& config, const Channel& channel) {
  if (mechanism == sasl::Mechanism::external) return !channel.certificate_account.empty();
  if (sasl::needs_binding(mechanism)) return channel.binding.available();
  if (sasl::sends_password(mechanism)) return channel.encrypted || config.insecure_plain;
  return true;
}

bool contains(const std::vector<sasl::Mechanism>& list, sasl::Mechanism mechanism) {
  return std::ranges::find(list, mechanism) != list.end();
}

Denial malformed(const Error& error) {
  const bool too_long = error.fault() == Fault::overloaded;
  return {.reason = too_long ? Reason::too_long : Reason::malformed, .text = error.text()};
}

}  // namespace

std::vector<sasl::Mechanism> offered(const AuthenticateConfig& config, const Channel& channel) {
  std::vector<sasl::Mechanism> list;
  std::ranges::copy_if(config.mechanisms, std::back_inserter(list),
                       [&](auto mechanism) { return fits(mechanism, config, channel); });
  return list;
}

Login::Login(Authenticator& authenticator, Client client, Channel channel)
    : authenticator_(authenticator),
      client_(std::move(client)),
      channel_(std::move(channel)),
      config_(authenticator.config()) {}

/// Begins the exchange of that mechanism, or says why not.
std::optional<Denial> Login::choose(const std::string& mechanism) {
  const auto known = sasl::parse_mechanism(mechanism);
  if (!known || !contains(config_->mechanisms, *known))
    return Denial{.reason = Reason::unknown_mechanism, .text = "mechanism not supported"};
  const auto list = offered(*config_, channel_);
  if (!contains(list, *known)) {
    if (sasl::sends_password(*known))
      return Denial{.reason = Reason::needs_encryption, .text = "encryption is required"};
    return Denial{.reason = Reason::unknown_mechanism, .text = "mechanism not possible here"};
  }
  proof_ = {.login = {}, .mechanism = *known, .client = client_};
  exchange_.emplace(
      sasl::ServerOptions{.mechanism = *known,
                          .binding = channel_.binding,
                          .plus_offered = std::ranges::any_of(list, sasl::needs_binding),
                          .certificate_account = channel_.certificate_account});
  return std::nullopt;
}

io::Task<LoginStep> Login::start(std::string mechanism, std::optional<std::string> initial) {
  if (auto denial = choose(mechanism)) co_return *std::move(denial);
  if (!initial) co_return co_await go_on(exchange_->start(std::nullopt));
  Result<std::string> octets = sasl::decode_initial(*initial);
  if (!octets) co_return malformed(octets.error());
  sasl::Step step = exchange_->start(*octets);
  wipe(*octets);
  wipe(*initial);
  co_return co_await go_on(std::move(step));
}

io::Task<LoginStep> Login::next(std::string line) {
  if (line == kCancel) co_return Denial{.reason = Reason::cancelled, .text = "cancelled"};
  Result<std::string> octets = sasl::decode_line(line);
  if (!octets) co_return malformed(octets.error());
  sasl::Step step = exchange_->step(*octets);
  wipe(*octets);
  wipe(line);
  // SCRAM: the client's answer fits, and the challenge would tell so. RFC 5802 §3.
  if (expectation_ && std::holds_alternative<sasl::Challenge>(step)) {
    std::optional<Denial> denial = co_await judge(true);
    if (denial) co_return *std::move(denial);
  }
  co_return co_await go_on(std::move(step));
}

io::Task<LoginStep> Login::go_on(sasl::Step step) {
  if (auto* challenge = std::get_if<sasl::Challenge>(&step))
    co_return ChallengeLine{sasl::encode_line(challenge->text)};
  if (auto* claim = std::get_if<sasl::CheckPassword>(&step))
    co_return co_await check(std::move(*claim));
  if (auto* need = std::get_if<sasl::NeedSecrets>(&step))
    co_return co_await look_up(std::move(need->account));
  if (auto* proven = std::get_if<sasl::Proven>(&step))
    co_return co_await finish(std::move(*proven));
  co_return co_await fail(std::get<sasl::Failed>(step).error);
}

io::Task<LoginStep> Login::check(sasl::CheckPassword claim) {
  Authenticator::PasswordAttempt attempt{.login = std::move(claim.account),
                                         .authorize_as = std::move(claim.authorize_as),
                                         .password = std::move(claim.password),
                                         .mechanism = proof_.mechanism,
                                         .client = client_};
  Verdict verdict = co_await authenticator_.check_password(std::move(attempt));
  if (!verdict) co_return std::move(verdict.error());
  co_return *std::move(verdict);
}

/// Gives the exchange what the account is to prove knowledge of.
io::Task<LoginStep> Login::look_up(std::string account) {
  proof_.login = std::move(account);
  Authenticator::Expected expected = co_await authenticator_.secrets_of(proof_);
  if (!expected) co_return std::move(expected.error());
  expectation_ = *std::move(expected);
  co_return co_await go_on(exchange_->give(expectation_->secrets));
}

io::Task<LoginStep> Login::finish(sasl::Proven proven) {
  if (proof_.mechanism == sasl::Mechanism::external) {
    proof_.login = proven.account;
    Verdict verdict = co_await authenticator_.check_certificate(proof_);
    if (!verdict) co_return std::move(verdict.error());
    identity_ = *std::move(verdict);
  } else if (expectation_) {  // CRAM-MD5: no challenge came between.
    std::optional<Denial> denial = co_await judge(true);
    if (denial) co_return *std::move(denial);
  }
  const std::string& domain = config_->default_domain;
  if (!proven.authorize_as.empty() && parse_login_name(proven.authorize_as, domain).account !=
                                          parse_login_name(proof_.login, domain).account)
    co_return refuse("acts_for_another_account");
  if (!identity_) co_return refuse("nothing_proven");
  co_return *std::move(identity_);
}

io::Task<LoginStep> Login::fail(Error error) {
  if (expectation_) {
    std::optional<Denial> denial = co_await judge(false);
    if (denial && error.fault() != Fault::malformed) co_return *std::move(denial);
  }
  switch (error.fault()) {
    case Fault::malformed:
      co_return malformed(error);
    case Fault::refused:
      co_return refuse(error.text());
    case Fault::unavailable:
    case Fault::overloaded:
    case Fault::cancelled:
      break;
  }
  co_return Denial{.reason = Reason::unavailable, .text = "try again later"};
}

io::Task<std::optional<Denial>> Login::judge(bool proven) {
  Authenticator::Expectation expectation = *std::move(expectation_);
  expectation_.reset();
  Verdict verdict = co_await authenticator_.judge(proof_, std::move(expectation), proven);
  if (!verdict) co_return std::move(verdict.error());
  identity_ = *std::move(verdict);
  co_return std::nullopt;
}

/// For what the Authenticator never sees.
Denial Login::refuse(std::string_view why) const {
  log::warning("auth_failed", {{"session", client_.session},
                               {"client", client_.address.text()},
                               {"account", printable(proof_.login)},
                               {"mechanism", sasl::name(proof_.mechanism)},
                               {"reason", why}});
  return {.reason = Reason::refused, .text = "authentication failed"};
}

}  // namespace veredus::authenticate
