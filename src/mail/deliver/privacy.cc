// How a connection becomes private, and who we say we are: STARTTLS (RFC 3207), TLS from the start
// (RFC 8314), AUTH (RFC 4954).

#include <utility>

#include "mail/deliver/client.h"
#include "mail/deliver/reason.h"
#include "wire/sasl/line.h"

namespace veredus::deliver {
namespace {

using route::TlsUse;
using smtp::Extension;

/// RFC 4954 §4: a longer initial response waits for the first challenge.
constexpr std::size_t kInitialOctetsMax = 400;

}  // namespace

Client::Unopened Client::no_tls(std::string_view why) const {
  return Unopened{.reason = reason(Cause::no_tls, why),
                  .plain_may_do = at_.security.tls == TlsUse::opportunistic};
}

/// After EHLO, when TLS did not begin at once.
io::Task<std::expected<void, Client::Unopened>> Client::secure() {
  using Done = std::expected<void, Unopened>;
  const TlsUse use = at_.security.tls;
  if (tls_ != nullptr || use == TlsUse::none || tls_source_ == nullptr) co_return Done();
  if (!peer_.has(Extension::starttls)) {
    if (use == TlsUse::opportunistic) co_return Done();
    co_return std::unexpected(
        no_tls("the host does not offer TLS, and mail for it must not go in the clear"));
  }
  const auto reply = co_await command("STARTTLS", Step::starttls);
  if (!reply) co_return std::unexpected(no_tls(reply.error().text()));
  if (!is_done(**reply))
    co_return std::unexpected(no_tls("the host refused to begin TLS: " + (*reply)->verbatim()));
  const auto begun = co_await begin_tls();
  if (!begun) co_return begun;
  // RFC 3207 §4.2: what it said before does not count.
  peer_ = smtp::Capabilities();
  const Result<> introduced = co_await introduce();
  if (!introduced) co_return std::unexpected(Unopened{introduced.error().text()});
  co_return Done();
}

io::Task<std::expected<void, Client::Unopened>> Client::begin_tls() {
  const auto client = co_await tls_source_->get(workers_, stream_.now());
  if (!client) co_return std::unexpected(no_tls(client.error().text()));
  // Octets behind the reply were put there by somebody on the way.
  const auto stream = connection_.stream_to_cover();
  if (!stream) {
    alive_ = false;
    co_return std::unexpected(no_tls(stream.error().text()));
  }
  io::TlsClient::Wish wish{.name = at_.host,
                           .session_key = at_.host + ' ' + stream_.peer().text(),
                           .must_verify = at_.security.tls == TlsUse::verify};
  const auto covered =
      co_await (*client)->connect(**stream, std::move(wish), config_.greeting_deadline);
  if (!covered) {
    alive_ = false;
    co_return std::unexpected(no_tls(covered.error().text()));
  }
  tls_ = *covered;
  co_return std::expected<void, Unopened>();
}

/// Only where we have a user for the host, and then nothing goes without.
io::Task<Result<>> Client::authenticate() {
  if (at_.security.user.empty()) co_return Result<>();
  const sasl::Binding binding{.exporter = tls_ == nullptr ? "" : tls_->exporter_binding(),
                              .unique = tls_ == nullptr ? "" : tls_->unique_binding()};
  std::vector<sasl::Mechanism> offered;
  for (const std::string& name : peer_.auth_mechanisms())
    if (const auto mechanism = sasl::parse_mechanism(name)) offered.push_back(*mechanism);
  // Without a password it is our certificate that says who we are.
  const bool by_certificate = at_.security.password.empty();
  sasl::Choice choice{.tls = tls_ != nullptr, .binding = binding.available(), .only = {}};
  choice.certificate = by_certificate && tls_source_->config().has_certificate();
  if (by_certificate) choice.only = sasl::Mechanism::external;
  const auto chosen = sasl::choose(offered, choice);
  if (!chosen)
    co_return fail(
        Fault::unavailable,
        reason(Cause::no_login, by_certificate ? "the host does not offer to know us by our "
                                                 "certificate, and there is no password for it"
                                               : "the host offers no way to authenticate that we "
                                                 "know"));
  const sasl::Credentials credentials{
      .user = at_.security.user,
      .password = Secret(at_.security.password),
      .authorize_as = by_certificate ? at_.security.user : std::string()};
  co_return co_await converse(
      sasl::ClientExchange({.mechanism = *chosen, .binding = binding}, credentials));
}

io::Task<Result<>> Client::converse(sasl::ClientExchange exchange) {
  const auto no_login = [](const std::string& why) {
    return fail(Fault::unavailable, reason(Cause::no_login, why));
  };
  std::string line = "AUTH " + std::string(sasl::name(exchange.mechanism()));
  const auto initial = exchange.initial();
  if (!initial) co_return no_login(initial.error().text());
  if (*initial && (*initial)->size() <= kInitialOctetsMax)
    line += ' ' + sasl::encode_initial(**initial);
  for (;;) {
    const auto answered = co_await command(line, Step::auth);
    if (!answered) co_return fail(answered.error());
    const smtp::PeerReply& reply = **answered;
    if (is_done(reply) && exchange.is_complete()) co_return Result<>();
    if (is_done(reply))
      co_return no_login(
          "the host did not prove that it knows the password: it is not the one "
          "we want");
    if (reply.code != 334)
      co_return no_login("the host does not take our user and password: " + reply.verbatim());
    const auto challenge = sasl::decode_line(reply.lines().front());
    const auto answer =
        challenge ? exchange.answer(*challenge) : Result<std::string>(fail(challenge.error()));
    if (!answer) co_return no_login(answer.error().text());
    line = sasl::encode_line(*answer);
  }
}

}  // namespace veredus::deliver
