#include "wire/sasl/client_exchange.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "base/cursor.h"
#include "base/text.h"
#include "wire/sasl/scram_verifier.h"
#include "wire/sasl/session.h"

namespace veredus::sasl {
namespace {

bool is_allowed(Mechanism mechanism, const Choice& choice) {
  if (choice.only && *choice.only != mechanism) return false;
  if (mechanism == Mechanism::external) return choice.tls && choice.certificate;
  if (needs_binding(mechanism)) return choice.tls && choice.binding;
  if (sends_password(mechanism)) return choice.tls || choice.insecure_plain;
  return true;
}

/// A hostile server must not make us compute for hours, nor have us use a proof that is quickly
/// guessed from (RFC 7677 §4). Every attribute of that name is looked at: the library picks one.
std::optional<Error> check_iterations(std::string_view server_first) {
  Cursor in(server_first);
  while (!in.done()) {
    const std::string_view attribute = in.take_while([](char c) { return c != ','; });
    in.eat(',');
    if (!attribute.starts_with("i=")) continue;
    const auto iterations = to_number<std::uint32_t>(attribute.substr(2));
    if (!iterations || *iterations < kIterationsMin || *iterations > kIterationsMax) {
      return Error(Fault::refused, "the server asks for " + printable(attribute.substr(2), 20) +
                                       " iterations of SCRAM; we do " +
                                       std::to_string(kIterationsMin) + " to " +
                                       std::to_string(kIterationsMax));
    }
  }
  return std::nullopt;
}

Result<Session> open_session(const ClientOptions& options, const Credentials& credentials) {
  if (needs_binding(options.mechanism) && !options.binding.available())
    return fail(Fault::refused, "there is no TLS channel to bind to");
  const std::array texts{std::string_view(credentials.user), credentials.password.reveal(),
                         std::string_view(credentials.authorize_as)};
  if (std::ranges::any_of(texts, [](std::string_view text) { return text.contains('\0'); }))
    return fail(Fault::refused, "the credentials have a NUL in them");

  Result<Session> session = Session::open(Side::client, options.mechanism);
  if (!session) return session;
  session->set(Property::account, credentials.user);
  session->set(Property::password, credentials.password.reveal());
  if (!credentials.authorize_as.empty())
    session->set(Property::authorize_as, credentials.authorize_as);
  if (needs_binding(options.mechanism)) session->set(options.binding);
  return session;
}

}  // namespace

std::optional<Mechanism> choose(std::span<const Mechanism> offered, const Choice& choice) {
  const auto* const best = std::ranges::find_if(kMechanisms, [&](Mechanism mechanism) {
    return std::ranges::find(offered, mechanism) != offered.end() && is_allowed(mechanism, choice);
  });
  if (best == kMechanisms.end()) return std::nullopt;
  return *best;
}

class ClientExchange::State {
 public:
  State(const ClientOptions& options, const Credentials& credentials);

  Result<std::optional<std::string>> initial();
  Result<std::string> answer(std::string_view challenge);
  bool is_complete() const noexcept { return is_complete_; }
  Mechanism mechanism() const noexcept { return mechanism_; }

 private:
  Result<std::string> go_on(std::string_view challenge);

  Mechanism mechanism_;
  Result<Session> session_;
  std::optional<Secret> first_;  ///< What we say first. PLAIN has the password in it.
  bool challenged_ = false;
  bool is_complete_ = false;
};

ClientExchange::State::State(const ClientOptions& options, const Credentials& credentials)
    : mechanism_(options.mechanism), session_(open_session(options, credentials)) {
  if (!session_ || !client_speaks_first(mechanism_)) return;
  Result<std::string> made = go_on("");
  if (made) first_ = Secret(std::move(*made));
}

Result<std::optional<std::string>> ClientExchange::State::initial() {
  if (!session_) return fail(session_.error());
  if (!first_) return std::nullopt;
  return std::string(first_->reveal());
}

Result<std::string> ClientExchange::State::answer(std::string_view challenge) {
  if (!session_) return fail(session_.error());
  const bool is_first = !std::exchange(challenged_, true);
  // "Go ahead", from a server that was not given the initial response or did not look at it.
  if (is_first && first_ && challenge.empty()) return std::string(first_->reveal());
  if (is_complete_) return fail(Fault::malformed, "the server does not come to an end");
  // The library would answer nothing to nothing, for ever.
  if (challenge.empty() && mechanism_ == Mechanism::cram_md5)
    return fail(Fault::malformed, "the challenge is empty");
  if (challenge.contains('\0')) return fail(Fault::malformed, "the challenge has a NUL in it");
  if (scram_hash(mechanism_)) {
    if (challenge.starts_with("e="))
      return fail(Fault::refused, "the server says: " + printable(challenge.substr(2)));
    if (const auto error = check_iterations(challenge)) return fail(*error);
  }
  return go_on(challenge);
}

Result<std::string> ClientExchange::State::go_on(std::string_view challenge) {
  Result<Turn> turn = session_->step(challenge);
  if (!turn) {
    session_ = fail(turn.error());
    return fail(turn.error());
  }
  is_complete_ = turn->done;
  return std::move(turn->output);
}

ClientExchange::ClientExchange(const ClientOptions& options, const Credentials& credentials)
    : state_(std::make_unique<State>(options, credentials)) {}
ClientExchange::~ClientExchange() = default;
ClientExchange::ClientExchange(ClientExchange&&) noexcept = default;
ClientExchange& ClientExchange::operator=(ClientExchange&&) noexcept = default;

Result<std::optional<std::string>> ClientExchange::initial() { return state_->initial(); }
Result<std::string> ClientExchange::answer(std::string_view challenge) {
  return state_->answer(challenge);
}
bool ClientExchange::is_complete() const noexcept { return state_->is_complete(); }
Mechanism ClientExchange::mechanism() const noexcept { return state_->mechanism(); }

}  // namespace veredus::sasl
