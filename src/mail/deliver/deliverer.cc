#include "mail/deliver/deliverer.h"

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
  system_.reactors[reactor]->spawn("deliver", work(*this, destination, reactor));
}

std::unique_ptr<Courier> Deliverer::courier_for(const std::string& destination,
                                                SharedSettings settings, std::size_t reactor) {
  if (destination == local_destination())
    return std::make_unique<MailboxCourier>(std::move(settings), system_, queue_);
  auto next_hop = route::parse_destination(destination);
  // The queue only knows names that destination_of() gave it.
  if (!next_hop) throw std::logic_error("no such destination: " + destination);
  HostCourier::Surroundings surroundings{system_, queue_, memories_[reactor], sources_.load()};
  return std::make_unique<HostCourier>(std::move(*next_hop), std::move(settings),
                                       std::move(surroundings));
}

/// A bug of ours in one attempt must not keep the job from its report: it is deferred, and the
/// worker goes on.
io::Task<std::vector<queue::Outcome>> Deliverer::attempt(Courier& courier, const queue::Job& job,
                                                         const io::Clock& clock) {
  Outcomes broken(job, clock);
  try {
    auto outcomes = co_await courier.deliver(job);
    co_return outcomes;
  } catch (const std::exception& bug) {
    log::error("attempt_broken", {{"queue_id", text(job.envelope->id)}, {"reason", bug.what()}});
  }
  broken.set_rest(queue::State::deferred,
                  reason(Cause::our_fault, "a fault of this server broke off the attempt"), "");
  co_return broken.take();
}

io::Task<> Deliverer::work(Deliverer& deliverer, std::string destination, std::size_t reactor) {
  ++deliverer.workers_;
  SharedSettings settings = deliverer.settings_.load();
  std::unique_ptr<Courier> courier = deliverer.courier_for(destination, settings, reactor);
  for (;;) {
    std::vector<std::string> hosts = co_await courier->hosts();
    std::optional<queue::Job> job =
        co_await deliverer.queue_.next(destination, std::move(hosts), settings->deliver.idle);
    if (!job) break;
    if (SharedSettings latest = deliverer.settings_.load(); latest != settings) {
      // A reload came: what was accepted by the new settings must be delivered by them.
      co_await courier->finish();
      settings = std::move(latest);
      courier = deliverer.courier_for(destination, settings, reactor);
    }
    std::vector<queue::Outcome> outcomes =
        co_await attempt(*courier, *job, deliverer.system_.clock);
    co_await deliverer.queue_.report(std::move(*job), std::move(outcomes));
  }
  co_await courier->finish();
  --deliverer.workers_;
}

}  // namespace veredus::deliver
