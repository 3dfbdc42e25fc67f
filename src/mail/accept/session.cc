// The session's loop: greeting, one reply a command, limits on errors and idling, the end.
// What each command does is in commands.cc and data.cc.

#include "mail/accept/session.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "wire/sasl/line.h"

namespace veredus::accept {
namespace {

smtp::DialogueConfig dialogue_config(const Surroundings& surroundings, const Port& port,
                                     bool has_auth) {
  smtp::DialogueConfig config;
  config.tls_required = port.service == policy::Service::submission;
  if (surroundings.tls != nullptr) config.announced.insert(smtp::Extension::starttls);
  if (has_auth) config.announced.insert(smtp::Extension::auth);
  return config;
}

}  // namespace

Session::Session(const Surroundings& surroundings, SharedSettings settings, Arrival arrival)
    : surroundings_(surroundings),
      settings_(std::move(settings)),
      id_(arrival.id),
      port_(arrival.port),
      connection_(std::move(arrival.stream)),
      client_text_(connection_.peer().text()),
      dialogue_(dialogue_config(surroundings, port_, offers_auth())),
      trusted_(settings_->relay.is_trusted(connection_.peer())) {
  const io::Endpoint& peer = connection_.peer();
  if (config().reverse_lookup && !peer.is_unix() && !peer.address().is_loopback())
    client_name_.emplace(surroundings_, arrival.reactor, peer.address());
}

io::Task<> Session::run() {
  log::debug("session_began", {{"session", text(id_)}, {"client", client_text_}});
  bool ready = true;
  if (port_.tls == TlsStart::at_once) ready = co_await begin_tls();
  if (ready) ready = co_await greet();
  if (ready) co_await converse();
  co_await connection_.shutdown();
  log::debug("session_ended", {{"session", text(id_)}, {"errors", errors_}});
}

void Session::stop() noexcept {
  stopping_ = true;
  connection_.interrupt();
}

/// Submission is spared the test of patience: its clients prove who they are with a password, and
/// over implicit TLS some send their first commands with the end of the handshake.
io::Task<bool> Session::greet() {
  bool waits = true;
  if (port_.service != policy::Service::submission) waits = co_await awaits_greeting();
  if (!waits) co_return false;
  if (stopping_) co_return true;  // 421 is its greeting.
  connection_.put(smtp::Reply(220, config().hostname + " ESMTP Veredus").render());
  co_return true;
}

/// RFC 5321 §4.3.1: the client waits for our greeting. One that doesn't is a spam program or
/// speaks another protocol; or a script on this machine, which `sendmail -bs` reads from a file.
io::Task<bool> Session::awaits_greeting() {
  if (connection_.peer().is_unix()) co_return true;
  const Duration delay = trusted_ ? Duration::zero() : Duration(config().greeting_delay);
  const Result<> spoke = co_await connection_.wait_input(delay);
  if (!spoke) co_return stopping_ || spoke.error().fault() == Fault::cancelled;  // Or gone already.
  log::info("spoke_before_greeting", {{"session", text(id_)}, {"client", client_text_}});
  const smtp::Reply reply(554, {5, 5, 1},
                          "Wait for the greeting before you speak (RFC 5321 4.3.1)");
  connection_.put(reply.render());
  co_await connection_.flush(config().command_deadline);
  co_return false;
}

io::Task<> Session::converse() {
  while (!farewell_) {
    if (stopping_) {
      farewell(smtp::Reply(421, {4, 3, 2}, config().hostname + " is shutting down"));
      break;
    }
    std::optional<Result<>> read = connection_.arrived_line(line_, line_octets_max());
    if (!read)
      read = co_await connection_.read_line(line_, line_octets_max(), config().command_deadline);
    bool is_late = false;
    if (*read) {
      const smtp::Command command = smtp::parse_command(line_);
      std::optional<smtp::Reply> reply = refuse(command);
      if (!reply && !waits(command.verb)) {
        reply = act(command);
      } else if (!reply) {
        reply = co_await handle(command.verb, std::string(command.args));
        if (hang_up_) co_return;
        if (!reply) continue;
      }
      if (!reply->is_positive()) log_refusal(command.verb, *reply);
      if (is_secret(command.verb)) wipe(line_);
      is_late = answer(*reply);
    } else {
      if (stopping_) continue;
      const Error& error = read->error();
      note_line_fault(error);
      if (error.fault() == Fault::unavailable) co_return;  // The client is gone.
      if (farewell_) break;
      is_late = answer(smtp::Reply(500, {5, 5, 2}, "Bad command line: " + error.text()));
    }
    if (is_late) co_await surroundings_.system.clock.sleep_for(config().error_delay);
  }
  put(*farewell_);
  co_await connection_.flush(config().command_deadline);
}

/// Whether the line may be a password: AUTH's response, and lines that a client sends in spite of
/// its refusal.
bool Session::is_secret(smtp::Verb verb) const noexcept {
  return verb == smtp::Verb::auth || (verb == smtp::Verb::unknown && auth_tried_);
}

/// Why somebody's mail was turned down is the first thing a postmaster is asked. What may be a
/// password is not shown.
void Session::log_refusal(smtp::Verb verb, const smtp::Reply& reply) const {
  if (!log::enabled(log::Level::info)) return;
  const std::string wire = reply.render();
  log::info("refused", {{"session", text(id_)},
                        {"client", client_text_},
                        {"helo", helo_},
                        {"from", dialogue_.in_transaction() ? transaction_.sender().text() : ""},
                        {"command", is_secret(verb) ? "AUTH ..." : printable(line_)},
                        {"reply", wire.substr(0, wire.find('\r'))}});
}

void Session::note_line_fault(const Error& error) {
  if (error.fault() == Fault::cancelled)
    farewell(smtp::Reply(421, {4, 4, 2}, config().hostname + " waited too long for a command"));
  if (error.fault() == Fault::overloaded)
    farewell(smtp::Reply(421, {4, 7, 0}, "A command line without end"));
}

/// RFC 4954 §4: an initial response makes a long line.
std::size_t Session::line_octets_max() const {
  const std::size_t most = config().command_octets_max;
  return offers_auth() ? std::max(most, sasl::kLineOctetsMax) : most;
}

/// The session ends after `reply`.
void Session::farewell(smtp::Reply reply) { farewell_ = std::move(reply); }

/// Puts the reply; it is sent when the client has nothing more in the pipeline. Errors beyond
/// the first few are answered late, which is when this is true, and end the session when there are
/// too many: whoever guesses addresses shall find it slow.
bool Session::answer(const smtp::Reply& reply) {
  if (farewell_) return false;                 // It is the reply.
  const bool is_error = reply.is_permanent();  // 4yz is our trouble, not the client's mistake.
  if (is_error) ++errors_;
  if (is_error && errors_ > config().errors_max) {
    log::info("too_many_errors", {{"session", text(id_)}, {"client", client_text_}});
    put(reply);
    farewell(smtp::Reply(421, {4, 7, 0}, "Too many errors"));
    return false;
  }
  if (++idle_commands_ > config().idle_commands_max) {
    farewell(smtp::Reply(421, {4, 7, 0}, "Too many commands without a message"));
    return false;
  }
  put(reply);
  return is_error && errors_ > config().errors_before_delay;
}

void Session::put(const smtp::Reply& reply) { reply.append_to(connection_.output()); }

}  // namespace veredus::accept
