#include "mail/deliver/host_courier.h"

#include <utility>

#include "base/log.h"
#include "mail/route/hosts.h"

namespace veredus::deliver {

using queue::State;

HostCourier::HostCourier(route::NextHop next_hop, SharedSettings settings, const io::System& system,
                         queue::Queue& queue)
    : next_hop_(std::move(next_hop)),
      settings_(std::move(settings)),
      system_(system),
      queue_(queue) {}

/// No host decided on the message, so nothing failed for good: a smart host or an LMTP server that
/// was set up wrongly for a minute must not cost mail.
void HostCourier::settle(const Failure& failure, Outcomes& outcomes) {
  if (failure.unreachable)
    outcomes.set_rest_unreachable(failure.reply, failure.remote);
  else
    outcomes.set_rest(State::deferred, failure.reply, failure.remote);
}

io::Task<std::vector<queue::Outcome>> HostCourier::deliver(const queue::Job& job) {
  Outcomes outcomes(job);
  const bool done = co_await try_kept(job, outcomes);
  if (!done) co_await try_targets(job, outcomes);
  co_return outcomes.take();
}

io::Task<> HostCourier::finish() {
  if (kept_) co_await kept_->quit();
  kept_.reset();
}

/// False when there is no connection from the last job, or it broke before the message was sent
/// and before all recipients were decided on: a peer may close an idle connection whenever it
/// likes.
io::Task<bool> HostCourier::try_kept(const queue::Job& job, Outcomes& outcomes) {
  if (!kept_) co_return false;
  std::unique_ptr<Client> client = std::move(kept_);
  const auto sent = co_await client->send(job, outcomes);
  if (!sent && !sent.error().sent_all) co_return outcomes.open().empty();
  if (!sent) outcomes.set_rest(State::deferred, sent.error().error.text(), client->remote());
  co_await keep_or_quit(std::move(client));
  co_return true;
}

/// RFC 5321 §5.1: the hosts in order until one of them decides.
io::Task<> HostCourier::try_targets(const queue::Job& job, Outcomes& outcomes) {
  const auto targets = co_await find_targets();
  if (!targets) {
    const std::string& reason = targets.error().text();
    if (state_after(targets.error()) == State::deferred)
      outcomes.set_rest_unreachable(reason, "");
    else
      outcomes.set_rest(State::failed, reason, "");
    co_return;
  }
  Failure failure;
  for (const Target& target : *targets) {
    const bool done = co_await try_target(target, job, outcomes, failure);
    if (done) co_return;
  }
  settle(failure, outcomes);
}

/// True when the attempt is over; else the failure is noted and the next host's turn comes.
io::Task<bool> HostCourier::try_target(Target target, const queue::Job& job, Outcomes& outcomes,
                                       Failure& failure) {
  auto client = co_await connect(target);
  if (!client) {
    log::info("connect_failed", {{"queue_id", text(job.envelope->id)},
                                 {"destination", job.destination},
                                 {"remote", target.name},
                                 {"reason", client.error().text()}});
    failure.reply = client.error().text();
    failure.remote = target.name;
    co_return false;
  }
  const auto sent = co_await (*client)->send(job, outcomes);
  if (!sent && !sent.error().sent_all) {
    failure = {sent.error().error.text(), target.name, /*unreachable=*/false};
    co_return outcomes.open().empty();
  }
  if (!sent) outcomes.set_rest(State::deferred, sent.error().error.text(), target.name);
  co_await keep_or_quit(std::move(*client));
  co_return true;
}

io::Task<Result<std::vector<HostCourier::Target>>> HostCourier::find_targets() const {
  if (const auto* lmtp = std::get_if<route::Lmtp>(&next_hop_))
    co_return std::vector<Target>{Target{lmtp->endpoint, lmtp->endpoint.text()}};
  const route::HostSearch search = settings_->host_search();
  const auto hosts =
      co_await route::find_hosts(next_hop_, search, system_.resolver, system_.random);
  if (!hosts) co_return fail(hosts.error());
  std::vector<Target> targets;
  for (const route::Host& host : *hosts) {
    const io::Endpoint endpoint(host.address, host.port);
    targets.push_back(Target{endpoint, host.name + " [" + endpoint.text() + "]"});
  }
  co_return targets;
}

io::Task<Result<std::unique_ptr<Client>>> HostCourier::connect(Target target) const {
  io::ConnectOptions options;
  options.deadline = config().connect_deadline;
  const bool may_bind = config().source && !target.endpoint.is_unix() &&
                        config().source->is_v4() == target.endpoint.address().is_v4();
  if (may_bind) options.source = config().source;
  auto stream = co_await system_.network.connect(target.endpoint, options);
  if (!stream) {
    // A deadline is no more than a host that does not answer.
    co_return fail(Fault::unavailable, stream.error().text());
  }
  const bool lmtp = std::holds_alternative<route::Lmtp>(next_hop_);
  auto client = std::make_unique<Client>(
      std::move(*stream), lmtp ? smtp::Protocol::lmtp : smtp::Protocol::smtp, target.name,
      Client::Surroundings{config(), queue_, system_.workers});
  const Result<> opened = co_await client->open();
  if (!opened) {
    co_await client->quit();
    co_return fail(opened.error());
  }
  co_return client;
}

io::Task<> HostCourier::keep_or_quit(std::unique_ptr<Client> client) {
  if (client->is_usable() && client->messages_sent() < config().messages_per_connection_max)
    kept_ = std::move(client);
  else
    co_await client->quit();
}

}  // namespace veredus::deliver
