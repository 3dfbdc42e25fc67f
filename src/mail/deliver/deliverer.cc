#include "mail/deliver/deliverer.h"

#include <exception>
#include <utility>

#include "base/log.h"
#include "mail/deliver/host_courier.h"
#include "mail/deliver/mailbox_courier.h"

namespace veredus::deliver {
namespace {

/// For a local recipient whose mailbox is gone: the courier for mailboxes says so.
const std::string& local_destination() {
  static const std::string name = route::destination_name(route::LocalMailbox{});
  return name;
}

}  // namespace

Deliverer::Deliverer(const io::System& system, queue::Queue& queue, SharedSettings settings)
    : system_(system), queue_(queue), settings_(std::move(settings)) {}

void Deliverer::replace(SharedSettings settings) { settings_.store(std::move(settings)); }

std::string Deliverer::destination_of(const queue::Recipient& recipient) const {
  const SharedSettings settings = settings_.load();
  const auto next_hop = settings->router->next_hop(recipient.address);
  return next_hop ? route::destination_name(*next_hop) : local_destination();
}

void Deliverer::start_worker(const std::string& destination) {
  io::Reactor& reactor = *system_.reactors[next_reactor_++ % system_.reactors.size()];
  reactor.spawn("deliver", work(*this, destination));
}

std::unique_ptr<Courier> Deliverer::courier_for(const std::string& destination,
                                                SharedSettings settings) const {
  if (destination == local_destination())
    return std::make_unique<MailboxCourier>(std::move(settings), system_, queue_);
  auto next_hop = route::parse_destination(destination);
  // The queue only knows names that destination_of() gave it.
  if (!next_hop) throw std::logic_error("no such destination: " + destination);
  return std::make_unique<HostCourier>(std::move(*next_hop), std::move(settings), system_, queue_);
}

/// A bug of ours in one attempt must not keep the job from its report: without outcomes it is
/// deferred, and the worker goes on.
io::Task<std::vector<queue::Outcome>> Deliverer::attempt(Courier& courier, const queue::Job& job) {
  std::vector<queue::Outcome> outcomes;
  try {
    outcomes = co_await courier.deliver(job);
  } catch (const std::exception& bug) {
    log::error("attempt_broken", {{"queue_id", text(job.envelope->id)}, {"reason", bug.what()}});
  }
  co_return outcomes;
}

io::Task<> Deliverer::work(Deliverer& deliverer, std::string destination) {
  ++deliverer.workers_;
  SharedSettings settings = deliverer.settings_.load();
  std::unique_ptr<Courier> courier = deliverer.courier_for(destination, settings);
  for (;;) {
    std::optional<queue::Job> job =
        co_await deliverer.queue_.next(destination, settings->deliver.idle);
    if (!job) break;
    if (SharedSettings latest = deliverer.settings_.load(); latest != settings) {
      // A reload came: what was accepted by the new settings must be delivered by them.
      co_await courier->finish();
      settings = std::move(latest);
      courier = deliverer.courier_for(destination, settings);
    }
    std::vector<queue::Outcome> outcomes = co_await attempt(*courier, *job);
    co_await deliverer.queue_.report(std::move(*job), std::move(outcomes));
  }
  co_await courier->finish();
  --deliverer.workers_;
}

}  // namespace veredus::deliver
