#include "wire/sasl/server_exchange.h"

#include <utility>

#include "base/base64.h"
#include "wire/sasl/client_first.h"
#include "wire/sasl/line.h"
#include "wire/sasl/prepare.h"
#include "wire/sasl/session.h"

namespace veredus::sasl {
namespace {

Step failed(Fault fault, std::string text) { return Failed{Error(fault, std::move(text))}; }
Step failed(const Error& error) { return Failed{error}; }

}  // namespace

class ServerExchange::State {
 public:
  explicit State(ServerOptions options) : options_(std::move(options)) {}

  Step start(std::optional<std::string_view> initial);
  Step step(std::string_view input);
  Step give(const Secrets& secrets);
  Mechanism mechanism() const noexcept { return options_.mechanism; }

 private:
  using Take = Step (State::*)(std::string_view input);

  std::optional<Error> obstacle() const;
  Take first_take() const;
  Step start_login(std::optional<std::string_view> initial);
  Step start_cram_md5(std::optional<std::string_view> initial);

  Step take_external(std::string_view input);
  Step take_login_name(std::string_view input);
  Step take_password(std::string_view input);
  Step take_digest(std::string_view input);
  Step take_scram_first(std::string_view input);
  Step take_scram_final(std::string_view input);
  Step take_acknowledgement(std::string_view input);

  Step give_verifier(const ScramVerifier& verifier);
  Step give_password(const Secret& password);

  std::optional<Error> keep_names(std::string_view account, std::string_view authorize_as);
  Step proven() { return Proven{std::move(account_), std::move(authorize_as_)}; }

  ServerOptions options_;
  std::optional<Session> session_;
  bool started_ = false;
  Take take_ = nullptr;  ///< What the client's next message is for; null: none is expected.
  std::optional<std::string> waiting_;  ///< The client's message that needs secrets.
  std::string account_;
  std::string authorize_as_;
};

/// Why the exchange can't even begin.
std::optional<Error> ServerExchange::State::obstacle() const {
  if (needs_binding(mechanism()) && !options_.binding.available())
    return Error(Fault::refused, "there is no TLS channel to bind to");
  if (mechanism() == Mechanism::external && options_.certificate_account.empty())
    return Error(Fault::refused, "the client has shown no certificate of an account");
  return std::nullopt;
}

ServerExchange::State::Take ServerExchange::State::first_take() const {
  if (mechanism() == Mechanism::external) return &State::take_external;
  if (mechanism() == Mechanism::plain) return &State::take_password;
  return &State::take_scram_first;
}

Step ServerExchange::State::start(std::optional<std::string_view> initial) {
  if (std::exchange(started_, true))
    return failed(Fault::refused, "the exchange has begun already");
  if (const auto error = obstacle()) return failed(*error);
  Result<Session> opened = Session::open(Side::server, mechanism());
  if (!opened) return failed(opened.error());
  session_ = std::move(*opened);

  if (mechanism() == Mechanism::login) return start_login(initial);
  if (mechanism() == Mechanism::cram_md5) return start_cram_md5(initial);
  // Without -PLUS the library wants to know of a binding only to find out a list of mechanisms
  // that was changed on the way.
  if (needs_binding(mechanism()) || options_.plus_offered) session_->set(options_.binding);
  take_ = first_take();
  if (!initial) return Challenge{};
  return step(*initial);
}

Step ServerExchange::State::start_login(std::optional<std::string_view> initial) {
  const Result<Turn> turn = session_->step("");
  if (!turn) return failed(turn.error());
  take_ = &State::take_login_name;
  if (initial) return step(*initial);
  return Challenge{"Username:"};  // Not the library's prompt: old clients look for this one.
}

Step ServerExchange::State::start_cram_md5(std::optional<std::string_view> initial) {
  if (initial) return failed(Fault::malformed, "CRAM-MD5 has no initial response (RFC 4954 §4)");
  Result<Turn> turn = session_->step("");
  if (!turn) return failed(turn.error());
  take_ = &State::take_digest;
  return Challenge{std::move(turn->output)};
}

Step ServerExchange::State::step(std::string_view input) {
  const Take take = std::exchange(take_, nullptr);
  if (take == nullptr) return failed(Fault::refused, "no response is expected now");
  if (input.size() > kLineOctetsMax) return failed(Fault::malformed, "the response is too long");
  // PLAIN has NULs between its fields. Elsewhere the library would see the text before one, and
  // others the whole.
  if (mechanism() != Mechanism::plain && input.contains('\0'))
    return failed(Fault::malformed, "the response has a NUL in it");
  return (this->*take)(input);
}

Step ServerExchange::State::give(const Secrets& secrets) {
  if (!waiting_) return failed(Fault::refused, "no secrets are expected now");
  const auto* const verifier = std::get_if<ScramVerifier>(&secrets);
  const auto* const password = std::get_if<Secret>(&secrets);
  const auto hash = scram_hash(mechanism());
  if (hash && verifier != nullptr && verifier->hash == *hash) return give_verifier(*verifier);
  if (!hash && password != nullptr) return give_password(*password);
  waiting_.reset();
  return failed(Fault::unavailable, "the secrets are not for this mechanism");
}

/// Keeps both in the form in which they are compared (RFC 4954 §4).
std::optional<Error> ServerExchange::State::keep_names(std::string_view account,
                                                       std::string_view authorize_as) {
  Result<std::string> prepared = prepare_received(account);
  if (!prepared) return Error(Fault::malformed, "the account is " + prepared.error().text());
  if (prepared->empty()) return Error(Fault::malformed, "the account is missing");
  Result<std::string> other = prepare_received(authorize_as);
  if (!other) return Error(Fault::malformed, "the name to act as is " + other.error().text());
  // The library itself puts the account where PLAIN leaves the other out.
  if (*other == *prepared) other->clear();
  account_ = std::move(*prepared);
  authorize_as_ = std::move(*other);
  return std::nullopt;
}

Step ServerExchange::State::take_external(std::string_view input) {
  const Result<Turn> turn = session_->step(input);
  if (!turn) return failed(turn.error());
  if (!turn->done) return failed(Fault::malformed, "EXTERNAL: more than one message");
  if (auto error = keep_names(options_.certificate_account, session_->get(Property::authorize_as)))
    return failed(*error);
  return proven();
}

Step ServerExchange::State::take_login_name(std::string_view input) {
  if (input.empty()) return failed(Fault::malformed, "the account is missing");
  const Result<Turn> turn = session_->step(input);
  if (!turn) return failed(turn.error());
  take_ = &State::take_password;
  return Challenge{"Password:"};
}

Step ServerExchange::State::take_password(std::string_view input) {
  if (input.empty()) return failed(Fault::malformed, "the response is empty");
  const Result<Turn> turn = session_->step(input);
  if (!turn) return failed(turn.error());
  if (!turn->done) return failed(Fault::malformed, "the response is cut short");
  if (auto error =
          keep_names(session_->get(Property::account), session_->get(Property::authorize_as)))
    return failed(*error);
  // A password that has no prepared form fits no account (RFC 4616 §2).
  Result<std::string> password = prepare_received(session_->get(Property::password));
  if (!password) return failed(Fault::malformed, "the password is " + password.error().text());
  if (password->empty()) return failed(Fault::malformed, "the password is missing");
  return CheckPassword{.account = std::move(account_),
                       .authorize_as = std::move(authorize_as_),
                       .password = Secret(std::move(*password))};
}

Step ServerExchange::State::take_digest(std::string_view input) {
  // The account may have spaces in it, the digest has none (RFC 2195 §2).
  const std::size_t space = input.rfind(' ');
  if (space == std::string_view::npos)
    return failed(Fault::malformed, "CRAM-MD5: no space before the digest");
  if (auto error = keep_names(input.substr(0, space), "")) return failed(*error);
  waiting_ = std::string(input);
  return NeedSecrets{account_};
}

Step ServerExchange::State::give_password(const Secret& password) {
  const std::string input = *std::exchange(waiting_, std::nullopt);
  session_->set(Property::password, password.reveal());
  const Result<Turn> turn = session_->step(input);
  if (!turn) return failed(turn.error());
  if (!turn->done) return failed(Fault::malformed, "CRAM-MD5: more than one message");
  return proven();
}

Step ServerExchange::State::take_scram_first(std::string_view input) {
  const Result<ClientFirst> first = parse_client_first(input);
  if (!first) return failed(first.error());
  if ((first->flag == BindingFlag::bound) != needs_binding(mechanism()))
    return failed(Fault::refused, "SCRAM: -PLUS and channel binding go together (RFC 5802 §6)");
  if (first->flag == BindingFlag::not_offered && options_.plus_offered) {
    return failed(Fault::refused,
                  "SCRAM: the client did not see -PLUS on offer: somebody in between takes it off "
                  "(RFC 5802 §6)");
  }
  if (auto error = keep_names(first->account, first->authorize_as)) return failed(*error);
  waiting_ = std::string(input);
  return NeedSecrets{account_};
}

Step ServerExchange::State::give_verifier(const ScramVerifier& verifier) {
  const std::string input = *std::exchange(waiting_, std::nullopt);
  session_->set(Property::iterations, std::to_string(verifier.iterations));
  session_->set(Property::salt, to_base64(verifier.salt));
  session_->set(Property::stored_key, to_base64(verifier.stored_key));
  session_->set(Property::server_key, to_base64(verifier.server_key));
  Result<Turn> turn = session_->step(input);
  if (!turn) return failed(turn.error());
  if (turn->done) return failed(Fault::malformed, "SCRAM: ended too early");
  take_ = &State::take_scram_final;
  return Challenge{std::move(turn->output)};
}

Step ServerExchange::State::take_scram_final(std::string_view input) {
  Result<Turn> turn = session_->step(input);
  if (!turn) return failed(turn.error());
  if (!turn->done) return failed(Fault::malformed, "SCRAM: ended too late");
  take_ = &State::take_acknowledgement;
  return Challenge{std::move(turn->output)};
}

Step ServerExchange::State::take_acknowledgement(std::string_view input) {
  if (!input.empty())
    return failed(Fault::malformed, "SCRAM: more than the client's final message");
  return proven();
}

ServerExchange::ServerExchange(ServerOptions options)
    : state_(std::make_unique<State>(std::move(options))) {}
ServerExchange::~ServerExchange() = default;
ServerExchange::ServerExchange(ServerExchange&&) noexcept = default;
ServerExchange& ServerExchange::operator=(ServerExchange&&) noexcept = default;

Step ServerExchange::start(std::optional<std::string_view> initial) {
  return state_->start(initial);
}
Step ServerExchange::step(std::string_view input) { return state_->step(input); }
Step ServerExchange::give(const Secrets& secrets) { return state_->give(secrets); }
Mechanism ServerExchange::mechanism() const noexcept { return state_->mechanism(); }

}  // namespace veredus::sasl
