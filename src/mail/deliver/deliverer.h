// The workers: each takes jobs of one destination from the queue and makes the attempts.

#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "io/system.h"
#include "io/task.h"
#include "mail/deliver/courier.h"
#include "mail/deliver/host_memory.h"
#include "mail/deliver/mailbox_writer.h"
#include "mail/deliver/settings.h"
#include "mail/deliver/source_pool.h"
#include "mail/queue/queue.h"

namespace veredus::deliver {

/// Started by the queue, one worker after the other, on all reactors in turn. Destroy it when the
/// reactors run no more.
class Deliverer {
 public:
  /// `system` and `queue` outlive it.
  Deliverer(const io::System& system, queue::Queue& queue, SharedSettings settings);

  /// Starts a worker for a destination. On the queue's reactor.
  void start_worker(const std::string& destination);
  /// The name of a recipient's next hop, for the queue: see route::destination_name.
  std::string destination_of(const queue::Recipient& recipient) const;
  /// Attempts from now on use these. From any reactor.
  void replace(SharedSettings settings);
  /// Hosts that failed are asked again at once: somebody may have mended what was wrong. From any
  /// reactor.
  void forget_failed_hosts();

  std::size_t worker_count() const noexcept { return workers_; }

 private:
  struct Worker {
    std::string destination;
    std::size_t reactor;
    SharedSettings settings;
    std::unique_ptr<Courier> courier = nullptr;  // None while it cannot be made.
    std::optional<queue::Job> job = std::nullopt;
    std::optional<queue::Job> following = std::nullopt;  // Goes right behind it.
    std::vector<std::string> names = {};                 // Of the hosts.
    SteadyTime named{};                                  // When they were found.
  };
  io::Task<> work(Worker worker);
  io::Task<> serve(Worker& worker);
  io::Task<> finish(Worker& worker);
  io::Task<> use_latest_settings(Worker& worker);
  io::Task<std::vector<std::string>> hosts(Worker& worker);
  io::Task<std::vector<queue::Outcome>> attempt(Worker& worker);
  io::Task<> look_up_names(Worker& worker);
  bool knows_names(const Worker& worker) const;
  queue::Wish wish_of(const Worker& worker) const;
  io::Task<> report_and_ask(Worker& worker, std::vector<queue::Outcome> outcomes);
  std::unique_ptr<Courier> courier_for(const Worker& worker);

  io::System system_;
  queue::Queue& queue_;
  std::atomic<SharedSettings> settings_;
  MailboxWriter writer_;
  std::atomic<std::shared_ptr<SourcePool>> sources_;
  std::vector<HostMemory> memories_;  // one for each reactor, and touched only there
  std::atomic<std::size_t> workers_ = 0;
  std::size_t next_reactor_ = 0;
};

}  // namespace veredus::deliver
