// AUTH: how a client says who it is (RFC 4954), and what it may do then.

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "mail/accept/session.h"
#include "mail/authenticate/login.h"
#include "wire/sasl/line.h"

namespace veredus::accept {
namespace {

using authenticate::Denial;
using smtp::Reply;

Reply reply_for(const Denial& denial) {
  switch (denial.reason) {
    case Denial::Reason::unknown_mechanism:
      return Reply(504, {5, 5, 4}, "Not possible here: " + denial.text);
    case Denial::Reason::needs_encryption:
      return Reply(538, {5, 7, 11}, "Start TLS first: this mechanism sends the password");
    case Denial::Reason::malformed:
      return Reply(501, {5, 5, 2}, "Bad response: " + denial.text);
    case Denial::Reason::too_long:
      return Reply(500, {5, 5, 6}, "The response is too long");
    case Denial::Reason::cancelled:
      return Reply(501, {5, 7, 0}, "Authentication cancelled");
    case Denial::Reason::refused:
      return Reply(535, {5, 7, 8}, "Wrong user name or password");
    case Denial::Reason::throttled:
      return Reply(454, {4, 7, 0},
                   "Too many failures; try again in " + std::to_string(denial.retry_in.count()) +
                       " seconds");
    case Denial::Reason::unavailable:
      return Reply(454, {4, 7, 0}, "Passwords cannot be checked now; try again later");
  }
  std::unreachable();
}

/// A client on a Unix socket is on this machine.
IpAddress address_of(const io::Endpoint& client) {
  return client.is_unix() ? *IpAddress::parse("127.0.0.1") : client.address();
}

}  // namespace

bool Session::offers_auth() const {
  return surroundings_.users != nullptr &&
         (port_.service == policy::Service::submission || settings_->submission.on_smtp);
}

authenticate::Channel Session::channel() const {
  authenticate::Channel channel;
  channel.encrypted = tls_.has_value();
  if (!tls_) return channel;
  channel.binding = binding_;
  channel.certificate_account = certificate_account_;
  return channel;
}

/// The account that a client's certificate names; empty where there is none.
io::Task<std::string> Session::account_of_certificate() {
  if (surroundings_.users == nullptr) co_return "";
  for (const std::string& name : tls_->client_names) {
    std::string address = ascii_lower(name);
    if (!address.contains('@')) continue;  // A host's.
    const auto account = co_await surroundings_.users->find_account(address);
    if (account && *account) co_return address;
  }
  co_return "";
}

/// The keyword's line of EHLO; empty when there is nothing to offer before TLS.
std::string Session::auth_line() const {
  std::string line;
  const auto config = surroundings_.users->authenticator.config();
  for (const sasl::Mechanism mechanism : authenticate::offered(*config, channel()))
    line.append(line.empty() ? "AUTH " : " ").append(sasl::name(mechanism));
  return line;
}

io::Task<std::optional<Reply>> Session::on_auth(std::string args) {
  auto command = smtp::parse_auth(args);
  wipe(args);
  if (!command) co_return Reply(501, {5, 5, 4}, command.error().text());
  authenticate::Login login(surroundings_.users->authenticator,
                            {.address = address_of(connection_.peer()),
                             .protocol = directory::Protocol::submission,
                             .session = text(id_)},
                            channel());
  authenticate::LoginStep step =
      co_await login.start(std::move(command->mechanism), std::move(command->initial));
  while (const auto* challenge = std::get_if<authenticate::ChallengeLine>(&step)) {
    connection_.put("334 " + challenge->text + "\r\n");
    auto line = co_await connection_.read_line(sasl::kLineOctetsMax, config().command_deadline);
    if (!line && stopping_) co_return Reply(454, {4, 3, 2}, "The server is shutting down");
    if (!line && line.error().fault() == Fault::malformed)
      co_return Reply(500, {5, 5, 6}, "Bad response: " + line.error().text());
    if (!line) {
      note_line_fault(line.error());
      hang_up_ = !farewell_;
      co_return std::nullopt;
    }
    step = co_await login.next(std::move(*line));
  }
  if (const auto* denial = std::get_if<Denial>(&step)) co_return reply_for(*denial);
  co_return co_await logged_in(std::get<authenticate::Identity>(std::move(step)));
}

io::Task<Reply> Session::logged_in(authenticate::Identity identity) {
  auto account = co_await surroundings_.users->find_account(identity.account);
  if (!account) co_return Reply(454, {4, 7, 0}, "Accounts cannot be read now; try again later");
  if (!*account && !identity.by_pam)
    co_return reply_for({.reason = Denial::Reason::refused, .text = ""});
  by_pam_ = identity.by_pam;
  const bool by_password = !by_pam_ && identity.mechanism != sasl::Mechanism::external;
  account_ = *account ? **std::move(account) : directory::Account();
  const auto used =
      std::ranges::find(account_->credentials, identity.credential, &directory::Credential::name);
  credential_.reset();
  if (by_password && used != account_->credentials.end()) credential_ = *used;
  account_->address = std::move(identity.account);
  dialogue_.authenticated();
  idle_commands_ = 0;
  co_return Reply(235, {2, 7, 0}, "You are " + account_->address);
}

/// RFC 6409 §4.3.
std::optional<Reply> Session::refuse_stranger() const {
  if (account_ || port_.service != policy::Service::submission) return std::nullopt;
  return Reply(530, {5, 7, 0}, "Authenticate first");
}

/// RFC 6409 §6.1. An account's sender. The account is looked at anew: a session may last for hours.
io::Task<std::optional<Reply>> Session::refuse_sender(const smtp::ReversePath& sender) {
  auto account = co_await surroundings_.users->find_account(account_->address);
  if (!account) co_return Reply(451, {4, 3, 0}, "Accounts cannot be read now; try again later");
  if (*account ? (*account)->disabled : !by_pam_)
    co_return Reply(550, {5, 7, 13}, account_->address + " is disabled");
  if (*account) account_ = **std::move(account);
  const auto& known = account_->credentials;
  if (credential_ && std::ranges::find(known, *credential_) == known.end())
    co_return Reply(550, {5, 7, 13}, "The password that you logged in with is not valid any more");
  if (sender.is_null() || may_send_as(*account_, *sender.address(), *settings_->router))
    co_return std::nullopt;
  co_return Reply(550, {5, 7, 1},
                  sender.text() + " is not an address of " + account_->address +
                      ": use your own, or ask the postmaster to permit it");
}

/// Before the message is read: so many recipients, from this account, now?
io::Task<std::optional<Reply>> Session::refuse_amount() {
  const SubmissionConfig& submission = settings_->submission;
  policy::SendingAllowance allowance{submission.recipients_per_hour, submission.recipients_per_day};
  if (account_->recipients_per_hour > 0) allowance.per_hour = account_->recipients_per_hour;
  if (account_->recipients_per_day > 0) allowance.per_day = account_->recipients_per_day;
  const auto recipients = transaction_.accepted();
  const policy::SendingLimits::Answer answer =
      co_await surroundings_.users->meter.charge(account_->address, recipients, allowance);
  if (answer.jumped)
    log::warning("sending_jumped", {{"session", text(id_)},
                                    {"account", account_->address},
                                    {"client", client_text_},
                                    {"recipients_this_hour", answer.this_hour}});
  if (answer.allowed) co_return std::nullopt;
  log::warning("sending_limited", {{"session", text(id_)},
                                   {"account", account_->address},
                                   {"client", client_text_},
                                   {"sent", answer.sent},
                                   {"limit", answer.limit},
                                   {"hours", answer.window.count()}});
  const std::string limit = account_->address + " may send to " + std::to_string(answer.limit) +
                            " recipients in " + std::to_string(answer.window.count()) +
                            (answer.window.count() == 1 ? " hour" : " hours");
  if (recipients > answer.limit)
    co_return Reply(554, {5, 7, 1}, limit + ": these are too many for one message");
  const auto minutes = std::chrono::ceil<std::chrono::minutes>(answer.wait).count();
  co_return Reply(451, {4, 7, 1},
                  limit + ", of which " + std::to_string(answer.sent) + " are used: try again in " +
                      std::to_string(minutes) + " minutes");
}

/// RFC 6409 §8: what is added to mail of our users, and who may stand in its From.
std::optional<Submitted> Session::submitted() const {
  if (!account_) return std::nullopt;
  const io::System& system = surroundings_.system;
  Submitted submitted;
  submitted.completion.time = system.clock.wall();
  submitted.completion.random = system.random.next();
  submitted.completion.hostname = config().hostname;
  const auto& sender = transaction_.sender();
  submitted.completion.from = sender.is_null() ? account_->address : sender.address()->text();
  if (settings_->submission.check_from)
    submitted.judge = [this](std::string_view header) { return refuse_authors(header); };
  return submitted;
}

std::optional<Reply> Session::refuse_authors(std::string_view header) const {
  const auto authors = mime::authors(header);
  if (!authors) return Reply(550, {5, 6, 0}, "Bad From field: " + authors.error().text());
  for (const mime::Mailbox& author : *authors) {
    const auto address = smtp::Address::parse(author.address());
    if (address && may_send_as(*account_, *address, *settings_->router)) continue;
    return Reply(550, {5, 7, 1},
                 "From: <" + printable(author.address()) + "> is not an address of " +
                     account_->address + ": use your own, or ask the postmaster to permit it");
  }
  return std::nullopt;
}

}  // namespace veredus::accept
