#include "mail/deliver/host_courier.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "mail/deliver/reason.h"

namespace veredus::deliver {
namespace {

using queue::State;

/// The network's words, without the endpoint that Outcome::remote names anyway.
std::string connect_reason(const io::Endpoint& endpoint, Duration deadline, const Error& error) {
  if (error.fault() == Fault::cancelled) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(deadline).count();
    return reason(Cause::cannot_connect,
                  "cannot connect: no answer within " + std::to_string(seconds) + " s");
  }
  const std::string known = "cannot connect to " + endpoint.text();
  const bool is_known = error.text().starts_with(known);
  return reason(
      Cause::cannot_connect,
      "cannot connect" + (is_known ? error.text().substr(known.size()) : ": " + error.text()));
}

std::string remembered_reason(const HostMemory::Failure& failure, SteadyTime now) {
  const auto ago = std::chrono::duration_cast<std::chrono::seconds>(now - failure.at).count();
  return failure.reason + " (tried " + std::to_string(ago) + " s ago)";
}

}  // namespace

HostCourier::HostCourier(route::NextHop next_hop, SharedSettings settings,
                         Surroundings surroundings)
    : settings_(std::move(settings)),
      surroundings_(std::move(surroundings)),
      security_(settings_->router->security(next_hop)),
      finder_(std::move(next_hop), settings_, surroundings_.system) {}

io::Task<std::vector<std::string>> HostCourier::hosts() {
  auto names = co_await finder_.host_names();
  co_return names;
}

io::Task<std::vector<queue::Outcome>> HostCourier::deliver(const queue::Job& job) {
  Attempt attempt(job, surroundings_.system.clock, std::exchange(following_, nullptr));
  const bool done = co_await try_kept(attempt);
  if (!done) co_await try_targets(attempt);
  co_return attempt.outcomes().take();
}

io::Task<> HostCourier::finish() {
  if (kept_) co_await kept_->client->quit();
  kept_.reset();
}

/// False when there is no connection from the last job, or it broke before the message was sent
/// and before all recipients were decided on: a peer may close an idle connection whenever it
/// likes, and no host is to blame.
io::Task<bool> HostCourier::try_kept(Attempt& attempt) {
  if (!kept_) co_return false;
  Line line = std::move(*kept_);
  kept_.reset();
  const bool was_offered = line.client->has_offered();
  const bool done = co_await try_line(std::move(line), attempt);
  // Perhaps a host that loses what comes with the end of a message, and waits for it.
  if (was_offered && !done) may_follow_ = false;
  attempt.forget();
  co_return done;
}

/// RFC 5321 §5.1: the hosts in order until one of them decides. A host that rests is left out,
/// unless there is no other host at all: then the queue's pause for the destination is enough.
io::Task<> HostCourier::try_targets(Attempt& attempt) {
  const auto found = co_await finder_.find();
  if (!found) {
    const std::string& why = found.error().text();
    if (state_after(found.error()) == State::deferred)
      attempt.outcomes().set_rest_unreachable(why, "");
    else
      attempt.outcomes().set_rest(State::failed, why, "");
    co_return;
  }
  if (found->unresolved) attempt.miss(found->unresolved->host, found->unresolved->why);
  const bool ask_all = found->is_one_host() && all_rest(*found);
  std::vector<Target> refused_before;
  for (const Target& target : found->list) {
    attempt.move_on();
    const HostMemory::Failure* rests = surroundings_.memory.resting(target.endpoint, now());
    if (rests != nullptr && !ask_all) {
      if (rests->permanent) refused_before.push_back(target);
      attempt.failed(target.remote, remembered_reason(*rests, now()),
                     rests->permanent ? Reached::refusal_before : Reached::nothing);
      continue;
    }
    const bool done = co_await try_target(target, attempt);
    if (done) co_return;
  }
  if (finder_.is_mx() && attempt.refused_by_memory()) {
    const bool done = co_await ask_again(std::move(refused_before), attempt);
    if (done) co_return;
  }
  attempt.settle(finder_.is_mx() ? HostsFrom::domain : HostsFrom::configuration);
}

/// Mail never fails for what a host said to another message: before it would, the hosts that
/// refused all mail are asked, though they rest. True when the attempt is over.
io::Task<bool> HostCourier::ask_again(std::vector<Target> targets, Attempt& attempt) {
  attempt.ask_again();
  for (const Target& target : targets) {
    attempt.move_on();
    const bool done = co_await try_target(target, attempt);
    if (done) co_return true;
  }
  co_return false;
}

bool HostCourier::all_rest(const Targets& targets) const {
  return std::ranges::all_of(targets.list, [this](const Target& target) {
    return surroundings_.memory.resting(target.endpoint, now()) != nullptr;
  });
}

/// True when the attempt is over; else the failure is noted and the next host's turn comes.
io::Task<bool> HostCourier::try_target(Target target, Attempt& attempt) {
  auto line = co_await connect(target);
  if (!line) {
    note(target, line.error(), attempt);
    co_return false;
  }
  const bool done = co_await try_line(std::move(*line), attempt);
  co_return done;
}

void HostCourier::note(const Target& target, const Client::Unopened& failure, Attempt& attempt) {
  log::info("connect_failed", {{"queue_id", text(attempt.job().envelope->id)},
                               {"destination", attempt.job().destination},
                               {"remote", target.remote},
                               {"reason", failure.reason}});
  // While it works for other sessions it only has enough of them.
  const bool works = surroundings_.memory.works(target.endpoint, now());
  // An LMTP server is the only host of its destination: the queue's pause is enough.
  if (!finder_.is_lmtp() && !works)
    surroundings_.memory.failed(target.endpoint, {failure.reason, failure.greeted_5yz, now()},
                                config().host_pause);
  attempt.failed(target.remote, failure.reason,
                 failure.greeted_5yz && !works ? Reached::refusal : Reached::nothing);
}

/// As try_target(), once there is a connection.
io::Task<bool> HostCourier::try_line(Line line, Attempt& attempt) {
  const bool is_last = line.client->messages_sent() + 1 >= config().messages_per_connection_max;
  const auto sent = co_await line.client->send(attempt.job(), attempt.outcomes(),
                                               is_last ? nullptr : attempt.following());
  if (!sent && !sent.error().sent_all) {
    attempt.failed(line.client->remote(), sent.error().reason, Reached::transaction);
    co_return attempt.is_over();
  }
  if (sent)
    surroundings_.memory.succeeded(line.endpoint, now());
  else
    attempt.outcomes().set_rest(State::deferred, sent.error().reason, line.client->remote());
  co_await keep_or_quit(std::move(line));
  co_return true;
}

/// TLS that comes to nothing where it is only nice to have is tried without, on a new connection.
io::Task<std::expected<HostCourier::Line, Client::Unopened>> HostCourier::connect(Target target) {
  auto line = co_await connect_with(target, security_);
  if (line || !line.error().plain_may_do) co_return line;
  log::info("tls_given_up", {{"remote", target.remote}, {"reason", line.error().reason}});
  auto plain = co_await connect_with(std::move(target), {.tls = route::TlsUse::none});
  co_return plain;
}

io::Task<std::expected<HostCourier::Line, Client::Unopened>> HostCourier::connect_with(
    Target target, route::HopSecurity security) {
  surroundings_.memory.tried(target.endpoint, now());
  std::optional<SourcePool::Lease> source;
  if (!target.endpoint.is_unix())
    source = SourcePool::take(surroundings_.sources, target.endpoint.address());
  io::ConnectOptions options;
  options.deadline = config().connect_deadline;
  if (source) options.source = source->address();
  const io::System& system = surroundings_.system;
  auto stream = co_await system.network.connect(target.endpoint, options);
  if (!stream)
    co_return std::unexpected(Client::Unopened{
        connect_reason(target.endpoint, config().connect_deadline, stream.error())});

  const auto protocol = finder_.is_lmtp() ? smtp::Protocol::lmtp : smtp::Protocol::smtp;
  auto client = std::make_unique<Client>(
      std::move(*stream),
      Client::Peer{.protocol = protocol,
                   .remote = target.remote,
                   .host = target.host,
                   .security = std::move(security)},
      Client::Surroundings{config(), surroundings_.queue, system.workers, settings_->tls.get()});
  const auto opened = co_await client->open();
  if (!opened) {
    co_await client->quit();
    co_return std::unexpected(opened.error());
  }
  HostMemory::Session session = surroundings_.memory.opened(target.endpoint, now());
  co_return Line{std::move(client), target.endpoint, std::move(source), std::move(session)};
}

io::Task<> HostCourier::keep_or_quit(Line line) {
  const Client& client = *line.client;
  if (client.is_usable() && client.messages_sent() < config().messages_per_connection_max)
    kept_ = std::move(line);
  else
    co_await line.client->quit();
}

}  // namespace veredus::deliver
