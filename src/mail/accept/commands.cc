// What each command but DATA does (RFC 5321 §4.1.1, §3.5).

#include <utility>

#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "mail/accept/session.h"
#include "wire/smtp/params.h"

namespace veredus::accept {
namespace {

using smtp::Extension;
using smtp::Reply;

/// Of what everybody is offered.
constexpr smtp::ExtensionSet kAnnounced{Extension::size, Extension::pipelining,
                                        Extension::eight_bit_mime, Extension::enhanced_status_codes,
                                        Extension::help};

/// RFC 5321 §4.3.2. Not QUIT: whoever wants to go may, whatever else he says.
bool takes_no_argument(smtp::Verb verb) noexcept {
  return verb == smtp::Verb::data || verb == smtp::Verb::rset || verb == smtp::Verb::starttls;
}

bool is_about_params(const smtp::ArgumentError& error) noexcept {
  return error.part() == smtp::ArgumentError::Part::params;
}

/// What VRFY and EXPN ask for: an address, in angle brackets or not (RFC 5321 §3.5.1 has both).
Result<smtp::Address> parse_asked(std::string_view args) {
  if (args.starts_with('<') && args.ends_with('>')) args = args.substr(1, args.size() - 2);
  return smtp::Address::parse(args);
}

}  // namespace

std::optional<Reply> Session::refuse(const smtp::Command& command) {
  if (command.verb == smtp::Verb::unknown)
    return smtp::looks_like_http(line_) ? on_http() : on_unknown(command);
  if (command.verb == smtp::Verb::auth) auth_tried_ = true;
  if (auto refusal = dialogue_.refuse(command.verb)) return refusal;
  if (takes_no_argument(command.verb) && !command.args.empty())
    return Reply(501, {5, 5, 4}, std::string(smtp::name(command.verb)) + " takes no argument");
  return std::nullopt;
}

/// A task of its own only where it must be: most commands are done at once.
bool Session::waits(smtp::Verb verb) const noexcept {
  return verb == smtp::Verb::data || verb == smtp::Verb::starttls || verb == smtp::Verb::auth ||
         (verb == smtp::Verb::mail && account_);
}

io::Task<std::optional<Reply>> Session::handle(smtp::Verb verb, std::string args) {
  if (verb == smtp::Verb::data) {
    Reply reply = co_await on_data();
    co_return reply;
  }
  if (verb == smtp::Verb::starttls) {
    auto reply = co_await on_starttls();
    co_return reply;
  }
  if (verb == smtp::Verb::auth) {
    wipe(line_);
    auto reply = co_await on_auth(std::move(args));
    co_return reply;
  }
  auto sender = read_sender(args);
  if (!sender) co_return std::move(sender.error());
  Reply reply = co_await on_account_mail(std::move(*sender));
  co_return reply;
}

Reply Session::act(const smtp::Command& command) {
  switch (command.verb) {
    case smtp::Verb::helo:
    case smtp::Verb::ehlo:
      return on_greeting(command);
    case smtp::Verb::mail:
      return on_mail(command.args);
    case smtp::Verb::rcpt:
      return on_rcpt(command.args);
    case smtp::Verb::rset:
      end_transaction();
      return Reply(250, {2, 0, 0}, "Forgotten");
    case smtp::Verb::noop:
      return Reply(250, {2, 0, 0}, "Here");
    case smtp::Verb::vrfy:
      return on_vrfy(command.args);
    case smtp::Verb::expn:
      return on_expn(command.args);
    case smtp::Verb::help:
      return on_help();
    case smtp::Verb::quit:
      farewell(Reply(221, {2, 0, 0}, config().hostname + " closes the connection"));
      return *farewell_;
    default:
      return Reply(502, {5, 5, 1},
                   std::string(smtp::name(command.verb)) + " is not available here");
  }
}

void Session::end_transaction() {
  transaction_.reset();
  recipients_over_ = 0;
  dialogue_.transaction_ended();
}

/// RFC 5321 §4.1.1.1. A name that is no domain is let through: too many honest clients have one.
Reply Session::on_greeting(const smtp::Command& command) {
  const auto name = smtp::parse_helo(command.args);
  if (!name) return Reply(501, {5, 5, 4}, "Bad host name: " + name.error().text());
  helo_ = name->text;
  extended_ = command.verb == smtp::Verb::ehlo;
  end_transaction();
  dialogue_.greeted();
  return extended_ ? ehlo_reply() : Reply(250, config().hostname);
}

/// Extensions that are on offer now; MAIL and RCPT may carry their parameters.
smtp::ExtensionSet Session::announced() const {
  smtp::ExtensionSet offered = kAnnounced;
  if (surroundings_.tls != nullptr && !tls_) offered.insert(Extension::starttls);
  if (offers_auth()) offered.insert(Extension::auth);
  // sendmail(1) -N, -R and -V.
  if (connection_.peer().is_unix()) offered.insert(Extension::dsn);
  return offered;
}

Reply Session::ehlo_reply() const {
  Reply reply(250, config().hostname + " greets " + helo_);
  reply.add_line("PIPELINING");
  reply.add_line("8BITMIME");
  reply.add_line("SIZE " + std::to_string(config().message_bytes_max));
  reply.add_line("ENHANCEDSTATUSCODES");
  if (announced().has(Extension::starttls)) reply.add_line("STARTTLS");
  if (announced().has(Extension::dsn)) reply.add_line("DSN");
  if (offers_auth() && !needs_tls_first())
    if (const std::string auth = auth_line(); !auth.empty()) reply.add_line(auth);
  reply.add_line("HELP");
  return reply;
}

std::expected<Session::Sender, Reply> Session::read_sender(std::string_view args) const {
  auto command = smtp::parse_mail(args);
  if (!command)
    return std::unexpected(is_about_params(command.error())
                               ? smtp::reply_for_params(command.error())
                               : smtp::reply_for_sender(command.error()));
  auto params = smtp::read_mail_params(command->params, announced());
  if (!params) return std::unexpected(smtp::reply_for_params(params.error()));
  // RFC 1870 §6.1: better now than after the client sent it all.
  if (params->size.value_or(0) > config().message_bytes_max)
    return std::unexpected(Reply(552, {5, 3, 4},
                                 "Message of " + std::to_string(*params->size) +
                                     " octets is larger than " +
                                     std::to_string(config().message_bytes_max)));
  return Sender{std::move(command->path), std::move(*params)};
}

Reply Session::begin_transaction(Sender sender) {
  transaction_.begin(std::move(sender.path), std::move(sender.params));
  dialogue_.mail_accepted();
  return Reply(250, {2, 1, 0}, "Sender ok");
}

Reply Session::on_mail(std::string_view args) {
  auto sender = read_sender(args);
  if (!sender) return std::move(sender.error());
  if (auto refusal = refuse_stranger()) return std::move(*refusal);
  return begin_transaction(std::move(*sender));
}

io::Task<Reply> Session::on_account_mail(Sender sender) {
  auto refusal = co_await refuse_sender(sender.path);
  if (refusal) co_return std::move(*refusal);
  co_return begin_transaction(std::move(sender));
}

/// The reply that turns a well-formed recipient down, or nothing.
std::optional<Reply> Session::refuse_recipient(const smtp::Address& address) {
  if (transaction_.accepted() >= config().recipients_max) {
    // RFC 5321 §4.5.3.1.10: the client sends the rest in another transaction. One that only
    // goes on and on is no mail client.
    if (++recipients_over_ > config().recipients_max)
      farewell(Reply(421, {4, 5, 3}, "Far too many recipients"));
    idle_commands_ = 0;  // They have this limit of their own.
    return Reply(452, {4, 5, 3},
                 "Too many recipients: at most " + std::to_string(config().recipients_max) +
                     " in one transaction");
  }
  const route::Router& router = *settings_->router;
  policy::Destination destination = policy::Destination::others;
  if (router.is_local(address))
    destination = policy::Destination::ours;
  else if (router.is_relay_domain(address))
    destination = policy::Destination::relay;
  const policy::Party party = settings_->relay.party(connection_.peer(), account_.has_value());
  switch (policy::rule(port_.service, party, destination)) {
    case policy::Ruling::accept:
      return std::nullopt;
    case policy::Ruling::authenticate:
      return Reply(530, {5, 7, 0}, "Authenticate first");
    case policy::Ruling::deny:
      break;
  }
  return Reply(550, {5, 7, 1},
               "Relaying denied: <" + address.text() + "> is not one of our domains");
}

Reply Session::on_rcpt(std::string_view args) {
  auto command = smtp::parse_rcpt(args);
  if (!command)
    return is_about_params(command.error()) ? smtp::reply_for_params(command.error())
                                            : smtp::reply_for_recipient(command.error());
  const auto params = smtp::read_rcpt_params(command->params, announced());
  if (!params) return smtp::reply_for_params(params.error());

  auto address = std::move(command->path).address();
  if (!address) address = settings_->router->postmaster();
  if (auto refusal = refuse_recipient(*address)) return std::move(*refusal);
  if (auto refusal = add_recipient(std::move(*address), *params)) return std::move(*refusal);
  dialogue_.recipient_accepted();
  idle_commands_ = 0;
  return Reply(250, {2, 1, 5}, "Recipient ok");
}

/// What `asked` stands for; the reply that says why not, or nothing.
std::optional<Reply> Session::add_recipient(smtp::Address asked, const smtp::RcptParams& params) {
  const route::Router& router = *settings_->router;
  const auto has_room_for = [&](std::size_t count) {
    return transaction_.recipient_count() + count <= config().expanded_recipients_max;
  };
  const auto no_room = [] { return Reply(452, {4, 5, 3}, "Too many recipients after aliases"); };
  if (!router.is_local(asked)) {  // Only what is ours has aliases.
    if (!has_room_for(1)) return no_room();
    transaction_.add(std::move(asked), params, router);
    return std::nullopt;
  }
  auto targets = router.expand(asked);
  if (!targets && targets.error().fault() == Fault::refused)
    return Reply(550, {5, 1, 1}, targets.error().text());
  if (!targets) return Reply(554, {5, 4, 6}, targets.error().text());
  if (!has_room_for(targets->size())) return no_room();
  transaction_.add(asked, std::move(*targets), params, router);
  return std::nullopt;
}

/// RFC 5321 §7.3: strangers learn nothing about who exists here.
Reply Session::on_vrfy(std::string_view args) const {
  if (args.empty()) return Reply(501, {5, 5, 4}, "Say whom: VRFY user@domain");
  if (!trusted_) return Reply(252, {2, 5, 0}, "Try to send a message to find out");
  const auto address = parse_asked(args);
  if (!address) return Reply(501, {5, 1, 3}, address.error().text());
  if (!settings_->router->is_local(*address))
    return Reply(252, {2, 5, 0}, "Not one of our domains, but a message would be relayed");
  const auto targets = settings_->router->expand(*address);
  if (!targets) return Reply(550, {5, 1, 1}, targets.error().text());
  return Reply(250, {2, 1, 5}, "<" + address->text() + ">");
}

Reply Session::on_expn(std::string_view args) const {
  if (args.empty()) return Reply(501, {5, 5, 4}, "Say what: EXPN list@domain");
  if (!trusted_) return Reply(550, {5, 7, 1}, "Lists are not shown to strangers");
  const auto address = parse_asked(args);
  if (!address) return Reply(501, {5, 1, 3}, address.error().text());
  if (!settings_->router->is_local(*address))
    return Reply(550, {5, 1, 2}, "Not one of our domains");
  const auto targets = settings_->router->expand(*address);
  if (!targets) return Reply(550, {5, 1, 1}, targets.error().text());
  Reply reply(250, {2, 1, 5}, "<" + targets->front().text() + ">");
  for (std::size_t i = 1; i < targets->size(); ++i)
    reply.add_line("<" + (*targets)[i].text() + ">");
  return reply;
}

Reply Session::on_help() const {
  Reply reply(214, {2, 0, 0},
              "Commands: EHLO HELO STARTTLS AUTH MAIL RCPT DATA RSET NOOP VRFY EXPN HELP QUIT");
  reply.add_line(
      "A message: EHLO you, MAIL FROM:<a@b>, RCPT TO:<c@d>, DATA, text, a line with a dot");
  reply.add_line("RFC 5321 has the rest");
  return reply;
}

Reply Session::on_unknown(const smtp::Command& command) const {
  return Reply(500, {5, 5, 2}, std::string(command.reason));
}

/// A browser or proxy was made to talk to us; its body would be read as commands.
Reply Session::on_http() {
  log::info("spoke_http", {{"session", text(id_)}, {"client", client_text_}});
  farewell(Reply(421, {4, 7, 0}, "This is a mail server: it speaks SMTP, not HTTP"));
  return *farewell_;
}

}  // namespace veredus::accept
