#include "mail/queue/queue.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "io/call_on.h"
#include "mail/queue/id_time.h"
#include "mail/queue/owner.h"
#include "mail/queue/spool.h"

namespace veredus::queue {
namespace {

constexpr std::size_t kStartPage = 2048;

}  // namespace

/// Runs `work` on the owner's reactor and brings back what it returns.
template <class Work>
auto Queue::on_owner(Work work) -> io::Task<std::invoke_result_t<Work, Owner&>> {
  using Value = std::invoke_result_t<Work, Owner&>;
  co_return co_await io::call_on<Value>(
      *system_.reactors.front(), system_.clock,
      [this, work = std::move(work)](io::Answer<Value> answer) mutable { answer(work(*owner_)); });
}

Queue::Queue(const QueueConfig& config, const io::System& system, storage::Storage& storage)
    : config_(config),
      system_(system),
      storage_(storage),
      spool_(std::make_unique<Spool>(storage)),
      owner_(std::make_unique<Owner>(config_, system_, *spool_, [this] { return new_id(); })) {}

Queue::~Queue() = default;

void Queue::connect(Hooks hooks) {
  destination_of_ = hooks.destination_of;
  owner_->connect(std::move(hooks));
}

io::Task<Result<>> Queue::start() {
  SpoolReader reader(storage_, QueueId{0});
  for (;;) {
    auto page = co_await reader.next_brief(kStartPage);
    if (!page) co_return fail(page.error());
    if (page->empty()) break;
    last_id_ = std::max(last_id_.load(), static_cast<std::uint64_t>(page->back().id));
    std::ranges::for_each(*page, [this](Brief& brief) { owner_->recover(std::move(brief)); });
  }
  // Ids after those that are left may have been given out too, to messages that are gone.
  last_id_ += system_.random.below(std::uint64_t{1} << kIdChanceBits);
  const auto paused = co_await spool_->paused();
  if (!paused) co_return fail(paused.error());
  std::ranges::for_each(*paused, [this](const auto& name) { owner_->recover_paused(name); });
  log::info("queue_started", {{"messages", owner_->messages().load()}});
  owner_->run();
  co_return Result<>();
}

void Queue::stop() { owner_->stop(); }

QueueId Queue::new_id() {
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(
      system_.clock.wall().time_since_epoch());
  const auto now = static_cast<std::uint64_t>(std::max<std::int64_t>(since.count(), 0));
  const std::uint64_t chance = system_.random.below(std::uint64_t{1} << kIdChanceBits);
  const std::uint64_t wanted = (now << kIdChanceBits) | chance;
  std::uint64_t last = last_id_.load();
  std::uint64_t id = 0;
  do {
    id = std::max(wanted, last + 1);
  } while (!last_id_.compare_exchange_weak(last, id));
  return QueueId{id};
}

io::Task<Result<>> Queue::append(QueueId id, std::uint32_t chunk, Bytes octets) {
  co_return co_await storage_.append(body_of(id), chunk, std::move(octets));
}

io::Task<> Queue::discard(QueueId id, std::uint32_t chunk_count) {
  const Result<> discarded = co_await storage_.discard(body_of(id), chunk_count);
  if (discarded) co_return;
  // The next start sweeps it.
  log::warning("body_discard_failed",
               {{"queue_id", text(id)}, {"reason", discarded.error().text()}});
}

io::Task<Result<>> Queue::submit(Message message) {
  assert(!message.envelope.recipients.empty());
  message.envelope.chunk_count =
      message.appended + static_cast<std::uint32_t>(message.chunks.size());

  Result<> committed;
  if (owner_->messages().fetch_add(1) >= config_.messages_max) {
    committed = fail(Fault::overloaded, "the queue is full (queue.messages_max)");
  } else {
    committed = co_await spool_->commit(message);
  }
  if (!committed) {
    owner_->messages().fetch_sub(1);
    log::warning("message_not_queued",
                 {{"queue_id", text(message.envelope.id)},
                  {"sender", message.envelope.sender.text()},
                  {"session", text(SessionId{message.envelope.origin.session})},
                  {"reason", committed.error().text()}});
    if (message.appended > 0) co_await discard(message.envelope.id, message.appended);
    co_return fail(committed.error());
  }

  auto shared = std::make_shared<const Envelope>(std::move(message.envelope));
  if (message.appended > 0) message.chunks.clear();  // Only a whole body is worth keeping.
  system_.reactors.front()->post(
      [this, shared = std::move(shared), chunks = std::move(message.chunks)]() mutable {
        owner_->arrive(std::move(shared), std::move(chunks));
      });
  co_return Result<>();
}

io::Task<std::optional<Job>> Queue::next(Wish wish) {
  using Found = std::optional<Job>;
  co_return co_await io::call_on<Found>(*system_.reactors.front(), system_.clock,
                                        [this, wish = std::move(wish)](io::Answer<Found> answer) {
                                          owner_->ask(wish, std::move(answer));
                                        });
}

io::Task<> Queue::report(Job job, std::vector<Outcome> outcomes) {
  co_await io::call_on<bool>(*system_.reactors.front(), system_.clock,
                             [this, job = std::move(job),
                              outcomes = std::move(outcomes)](io::Answer<bool> answer) mutable {
                               owner_->report(job, std::move(outcomes));
                               answer(true);
                             });
}

io::Task<std::optional<Job>> Queue::next_besides(std::string destination) {
  co_return co_await on_owner([destination = std::move(destination)](Owner& owner) {
    return owner.take_besides(destination);
  });
}

io::Task<std::optional<Job>> Queue::report_and_next(Job job, std::vector<Outcome> outcomes,
                                                    Wish wish) {
  using Found = std::optional<Job>;
  co_return co_await io::call_on<Found>(*system_.reactors.front(), system_.clock,
                                        [this, job = std::move(job), outcomes = std::move(outcomes),
                                         wish = std::move(wish)](io::Answer<Found> answer) mutable {
                                          owner_->report(job, std::move(outcomes));
                                          if (wish.besides)
                                            answer(owner_->take_besides(wish.destination));
                                          else
                                            owner_->ask(wish, std::move(answer));
                                        });
}

io::Task<Result<Bytes>> Queue::chunk(const Job& job, std::uint32_t index) {
  if (index < job.chunks.size()) co_return job.chunks[index];
  co_return co_await storage_.read(body_of(job.envelope->id), index);
}

io::Task<Result<Bytes>> Queue::body(QueueId id, std::uint32_t index) {
  co_return co_await spool_->chunk(id, index);
}

std::string Queue::destination_of(const Recipient& recipient, const Standing& standing) const {
  return standing.route.empty() ? destination_of_(recipient) : standing.route;
}

io::Task<Result<std::size_t>> Queue::order(std::vector<Target> targets, Order order) {
  assert(targets.size() <= kTargetsMax);
  using Changed = Owner::Changed;
  co_return co_await io::call_on<Changed>(
      *system_.reactors.front(), system_.clock,
      [this, targets = std::move(targets),
       order = std::move(order)](io::Answer<Changed> answer) mutable {
        owner_->order(std::move(targets), std::move(order), std::move(answer));
      });
}

io::Task<> Queue::replan() {
  co_await on_owner([](Owner& owner) {
    owner.replan();
    return true;
  });
}

io::Task<Result<>> Queue::pause(std::string destination) {
  const Result<> kept = co_await spool_->set_paused(destination, true);
  if (!kept) co_return fail(kept.error());
  co_await on_owner([destination = std::move(destination)](Owner& owner) {
    owner.hold(destination);
    return true;
  });
  co_return Result<>();
}

io::Task<Result<>> Queue::resume(std::string destination) {
  const Result<> kept = co_await spool_->set_paused(destination, false);
  if (!kept) co_return fail(kept.error());
  co_await on_owner([destination = std::move(destination)](Owner& owner) {
    owner.resume(destination);
    return true;
  });
  co_return Result<>();
}

io::Task<std::vector<DestinationView>> Queue::destinations() {
  co_return co_await on_owner([](Owner& owner) { return owner.destinations(); });
}

std::size_t Queue::messages() const noexcept { return owner_->messages().load(); }

/// Lines read from disk, as far as they go by what is known in memory.
io::Task<std::vector<Listed>> Queue::refreshed(std::vector<Listed> lines) {
  co_return co_await on_owner([lines = std::move(lines)](Owner& owner) mutable {
    owner.refresh(lines);
    return std::move(lines);
  });
}

io::Task<Result<std::vector<Listed>>> Queue::list(QueueId from, std::size_t limit) {
  auto stored = co_await list_stored(storage_, from, limit);
  if (!stored) co_return fail(stored.error());
  co_return co_await refreshed(std::move(*stored));
}

io::Task<Result<std::optional<Listed>>> Queue::find(QueueId id) {
  auto stored = co_await spool_->load(id);
  if (!stored) co_return fail(stored.error());
  if (!*stored) co_return std::nullopt;
  std::vector<Listed> line;
  line.push_back(std::move(**stored));
  auto lines = co_await refreshed(std::move(line));
  co_return std::move(lines.front());
}

}  // namespace veredus::queue
