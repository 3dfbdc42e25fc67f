#include "mail/queue/queue.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "io/call_on.h"
#include "mail/queue/owner.h"
#include "mail/queue/spool.h"

namespace veredus::queue {
namespace {

constexpr std::size_t kStartPage = 2048;
constexpr int kIdRandomBits = 22;

}  // namespace

Queue::Queue(const QueueConfig& config, const io::System& system, storage::Storage& storage)
    : config_(config),
      system_(system),
      storage_(storage),
      spool_(std::make_unique<Spool>(storage)),
      owner_(std::make_unique<Owner>(config_, system_, *spool_)) {}

Queue::~Queue() = default;

void Queue::connect(DestinationOf destination_of, StartWorker start_worker) {
  owner_->connect(std::move(destination_of), std::move(start_worker));
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
  log::info("queue_started", {{"messages", owner_->messages().load()}});
  owner_->run();
  co_return Result<>();
}

void Queue::stop() { owner_->stop(); }

QueueId Queue::new_id() {
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(
      system_.clock.wall().time_since_epoch());
  const auto now = static_cast<std::uint64_t>(std::max<std::int64_t>(since.count(), 0));
  const std::uint64_t chance = system_.random.below(std::uint64_t{1} << kIdRandomBits);
  const std::uint64_t wanted = (now << kIdRandomBits) | chance;
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
                 {{"queue_id", text(message.envelope.id)}, {"reason", committed.error().text()}});
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

io::Task<std::optional<Job>> Queue::next(std::string destination, Duration idle) {
  using Found = std::optional<Job>;
  co_return co_await io::call_on<Found>(
      *system_.reactors.front(), system_.clock,
      [this, destination = std::move(destination), idle](io::Answer<Found> answer) {
        owner_->ask(destination, idle, std::move(answer));
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

io::Task<Result<Bytes>> Queue::chunk(const Job& job, std::uint32_t index) {
  if (index < job.chunks.size()) co_return job.chunks[index];
  co_return co_await storage_.read(body_of(job.envelope->id), index);
}

io::Task<Result<std::vector<Listed>>> Queue::list(QueueId from, std::size_t limit) {
  auto stored = co_await list_stored(storage_, from, limit);
  if (!stored) co_return fail(stored.error());
  using Lines = std::vector<Listed>;
  co_return co_await io::call_on<Lines>(
      *system_.reactors.front(), system_.clock,
      [this, lines = std::move(*stored)](io::Answer<Lines> answer) mutable {
        owner_->refresh(lines);
        answer(std::move(lines));
      });
}

io::Task<Result<std::optional<Listed>>> Queue::find(QueueId id) {
  auto page = co_await list(id, 1);
  if (!page) co_return fail(page.error());
  if (page->empty() || page->front().envelope.id != id) co_return std::nullopt;
  co_return std::move(page->front());
}

}  // namespace veredus::queue
