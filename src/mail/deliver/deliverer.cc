#include "mail/deliver/deliverer.h"

#include <chrono>
#include <exception>
#include <stdexcept>
#include <utility>

#include "base/log.h"
#include "mail/deliver/host_courier.h"
#include "mail/deliver/mailbox_courier.h"
#include "mail/deliver/outcomes.h"
#include "mail/deliver/reason.h"

namespace veredus::deliver {
namespace {

constexpr std::chrono::seconds kPauseAfterFault{1};
constexpr std::chrono::seconds kNamesLife{30};  // Of a destination's hosts.

void log_broken(const std::string& destination, const std::exception& bug) {
  log::error("worker_broken", {{"destination", destination}, {"reason", bug.what()}});
}

/// For a local recipient whose mailbox is gone: the courier for mailboxes says so.
const std::string& local_destination() {
  static const std::string name = route::destination_name(route::LocalMailbox{});
  return name;
}

}  // namespace

Deliverer::Deliverer(const io::System& system, queue::Queue& queue, SharedSettings settings)
    : system_(system),
      queue_(queue),
      settings_(std::move(settings)),
      writer_(system_),
      sources_(std::make_shared<SourcePool>(settings_.load()->deliver.all_sources())),
      memories_(system.reactors.size()) {}

void Deliverer::replace(SharedSettings settings) {
  const auto sources = settings->deliver.all_sources();
  const SharedSettings before = settings_.exchange(std::move(settings));
  // Connections that are open are not counted in the new pool: it is even again when they end.
  if (sources != before->deliver.all_sources())
    sources_.store(std::make_shared<SourcePool>(sources));
  forget_failed_hosts();
}

void Deliverer::forget_failed_hosts() {
  for (std::size_t i = 0; i < memories_.size(); ++i)
    system_.reactors[i]->post([&memory = memories_[i]] { memory.clear(); });
}

std::string Deliverer::destination_of(const queue::Recipient& recipient) const {
  const SharedSettings settings = settings_.load();
  const auto next_hop = settings->router->next_hop(recipient.address);
  return next_hop ? route::destination_name(*next_hop) : local_destination();
}

void Deliverer::start_worker(const std::string& destination) {
  const std::size_t reactor = next_reactor_++ % system_.reactors.size();
  system_.reactors[reactor]->spawn("deliver", work(Worker{destination, reactor, settings_.load()}));
}

std::unique_ptr<Courier> Deliverer::courier_for(const Worker& worker) {
  if (worker.destination == local_destination())
    return std::make_unique<MailboxCourier>(worker.settings, system_, queue_, writer_);
  auto next_hop = route::parse_destination(worker.destination);
  // The queue only knows names that destination_of() gave it.
  if (!next_hop) throw std::logic_error("no such destination");
  HostCourier::Surroundings surroundings{system_, queue_, memories_[worker.reactor],
                                         sources_.load()};
  return std::make_unique<HostCourier>(std::move(*next_hop), worker.settings,
                                       std::move(surroundings));
}

/// What was accepted by new settings must be delivered by them.
io::Task<> Deliverer::use_latest_settings(Worker& worker) {
  SharedSettings latest = settings_.load();
  if (worker.courier && worker.settings == latest) co_return;
  if (const auto before = std::move(worker.courier)) co_await before->finish();
  worker.settings = std::move(latest);
  worker.courier = courier_for(worker);
}

/// None after a bug of ours: limits by host then cannot apply, and the attempt tells of it.
io::Task<std::vector<std::string>> Deliverer::hosts(Worker& worker) {
  try {
    co_await use_latest_settings(worker);
    auto names = co_await worker.courier->hosts();
    co_return names;
  } catch (const std::exception& bug) {
    log_broken(worker.destination, bug);
  }
  co_return std::vector<std::string>();
}

/// A bug of ours in one attempt must not keep the job from its report: it is deferred, and the
/// worker goes on.
io::Task<std::vector<queue::Outcome>> Deliverer::attempt(Worker& worker) {
  const queue::Job& job = *worker.job;
  Outcomes broken(job, system_.clock);
  try {
    co_await use_latest_settings(worker);
    if (worker.following) worker.courier->announce(*worker.following);
    auto outcomes = co_await worker.courier->deliver(job);
    co_return outcomes;
  } catch (const std::exception& bug) {
    log::error("attempt_broken", {{"queue_id", text(job.envelope->id)},
                                  {"destination", worker.destination},
                                  {"reason", bug.what()}});
  }
  broken.set_rest(queue::State::deferred,
                  reason(Cause::our_fault, "a fault of this server broke off the attempt"), "");
  co_return broken.take();
}

io::Task<> Deliverer::look_up_names(Worker& worker) {
  worker.names = co_await hosts(worker);
  worker.named = system_.clock.now();
}

/// They need not be looked up again.
bool Deliverer::knows_names(const Worker& worker) const {
  return worker.courier && worker.settings == settings_.load() &&
         system_.clock.now() - worker.named < kNamesLife;
}

queue::Wish Deliverer::wish_of(const Worker& worker) const {
  return {.destination = worker.destination,
          .hosts = worker.names,
          .idle = worker.settings->deliver.idle,
          .besides = worker.job.has_value()};
}

/// What the job came to is reported before anything else may take time: until then a crash would
/// deliver it twice.
io::Task<> Deliverer::report_and_ask(Worker& worker, std::vector<queue::Outcome> outcomes) {
  queue::Job done = *std::exchange(worker.job, std::exchange(worker.following, std::nullopt));
  if (worker.job || knows_names(worker)) {
    auto next =
        co_await queue_.report_and_next(std::move(done), std::move(outcomes), wish_of(worker));
    (worker.job ? worker.following : worker.job) = std::move(next);
    co_return;
  }
  co_await queue_.report(std::move(done), std::move(outcomes));
  co_await look_up_names(worker);
  worker.job = co_await queue_.next(wish_of(worker));
}

/// Takes jobs until the queue has none for this worker, which is then not counted any more.
io::Task<> Deliverer::serve(Worker& worker) {
  if (!worker.job) {
    co_await look_up_names(worker);
    worker.job = co_await queue_.next(wish_of(worker));
  }
  while (worker.job) {
    const bool wants_more = worker.job->more && worker.courier && worker.courier->wants_following();
    if (wants_more && !worker.following)
      worker.following = co_await queue_.next_besides(worker.destination);
    std::vector<queue::Outcome> outcomes = co_await attempt(worker);
    co_await report_and_ask(worker, std::move(outcomes));
  }
}

io::Task<> Deliverer::finish(Worker& worker) {
  try {
    if (worker.courier) co_await worker.courier->finish();
  } catch (const std::exception& bug) {
    log_broken(worker.destination, bug);
  }
}

/// Only the queue ends a worker. One that ended by itself would be counted for ever, and in the end
/// its destination had none.
io::Task<> Deliverer::work(Worker worker) {
  ++workers_;
  for (bool is_over = false; !is_over;) {
    try {
      co_await serve(worker);
      is_over = true;
    } catch (const std::exception& bug) {
      log_broken(worker.destination, bug);
    }
    if (!is_over) co_await system_.clock.sleep_for(kPauseAfterFault);
  }
  co_await finish(worker);
  --workers_;
}

}  // namespace veredus::deliver
