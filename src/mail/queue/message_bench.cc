// What one message costs the queue itself, whatever the disk: on simulated time, with storage in
// memory, while so many others wait.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <benchmark/benchmark.h>

#include "base/big_endian.h"
#include "base/counted_bench_support.h"
#include "base/log.h"
#include "io/sim/world.h"
#include "mail/queue/queue.h"
#include "storage/memory/memory_storage.h"

namespace veredus::queue {
namespace {

constexpr std::string_view kBusy = "busy.example";
constexpr std::uint64_t kDestinations = 1000;  ///< Of those that wait.

Envelope usual_envelope(QueueId id, WallTime now, std::string_view host) {
  Envelope envelope;
  envelope.id = id;
  envelope.sender = smtp::ReversePath(*smtp::Address::parse("sender@example.org"));
  envelope.recipients.push_back(
      {*smtp::Address::parse("someone@" + std::string(host)), {}, {}, {}, {}});
  envelope.received_at = now;
  envelope.size = 4096;
  envelope.message_id = "<20260105100000.1234@mail.example.org>";
  envelope.origin = {.client = "192.0.2.1:52525",
                     .helo = "mail.example.org",
                     .protocol = "ESMTP",
                     .auth_identity = {},
                     .session = 7};
  return envelope;
}

void encode_and_decode_envelope(benchmark::State& state) {
  const Envelope envelope = usual_envelope(QueueId{1}, WallTime(std::chrono::days(20'000)), kBusy);
  for (auto _ : state) benchmark::DoNotOptimize(decode_envelope(encode(envelope)));
}
BENCHMARK(encode_and_decode_envelope)->Apply(counted);

/// A queue with one destination that works, and others whose mail was deferred.
class Mill {
 public:
  explicit Mill(std::uint64_t waiting) : waiting_(waiting) {
    log::set_level(log::Level::warning);
    queue_.connect(
        {.destination_of =
             [](const Recipient& recipient) { return std::string(recipient.address.host_text()); },
         .start_worker = [this](const std::string& name) { world_.spawn("work", work(name)); },
         .compose_notice = {}});
    world_.spawn("start", start());
    world_.run_until([this] { return started_; });
  }

  /// From submit() until it is gone.
  void pass_one() {
    Message message;
    message.envelope = usual_envelope(queue_.new_id(), world_.time().wall(), kBusy);
    message.chunks.push_back(body_);
    world_.spawn("submit", submit(std::move(message)));
    world_.run_until([this] { return queue_.messages() > waiting_; });
    world_.run_until([this] { return queue_.messages() == waiting_; });
  }

 private:
  io::Task<> start() {
    for (std::uint64_t number = 0; number < std::min(kDestinations, waiting_); ++number) {
      Result<> done = co_await storage_.commit(deferred_mail(number));
      if (!done) std::abort();
    }
    Result<> begun = co_await queue_.start();
    if (!begun) std::abort();
    started_ = true;
  }

  /// All that waits for one destination.
  storage::Batch deferred_mail(std::uint64_t destination) {
    const WallTime now = world_.time().wall();
    Envelope envelope =
        usual_envelope({}, now, "other-" + std::to_string(destination) + ".example");
    envelope.chunk_count = 1;
    Standing standing;
    standing.state = State::deferred;
    standing.attempts = 1;
    storage::Batch batch;
    for (std::uint64_t i = destination; i < waiting_; i += kDestinations) {
      envelope.id = QueueId{i + 1};
      standing.next_attempt = now + std::chrono::hours(1) + std::chrono::seconds(i * 7919 % 3600);
      std::string key;
      put_big_endian(key, i + 1);
      batch.put(storage::Space::queue, key, Bytes(encode(envelope)));
      put_big_endian(key, std::uint32_t{0});
      batch.put(storage::Space::queue_state, key, Bytes(encode(standing)));
    }
    return batch;
  }

  io::Task<> submit(Message message) {
    Result<> done = co_await queue_.submit(std::move(message));
    if (!done) std::abort();
  }

  io::Task<> work(std::string destination) {
    for (;;) {
      std::optional<Job> job = co_await queue_.next(
          {.destination = destination, .hosts = {}, .idle = std::chrono::minutes(1)});
      if (!job) co_return;
      Result<Bytes> body = co_await queue_.chunk(*job, 0);
      if (!body) std::abort();
      Outcome outcome{.recipient = job->recipients.front(),
                      .state = State::relayed,
                      .reply = "250 2.0.0 Ok: queued as 4FXYZ12345",
                      .remote = "mx.busy.example [192.0.2.1:25]"};
      co_await queue_.report(std::move(*job), {std::move(outcome)});
    }
  }

  const std::uint64_t waiting_;
  const Bytes body_{std::string(4096, 'b')};
  bool started_ = false;
  sim::World world_{1};
  storage::MemoryStorage storage_{world_.system().clock};
  Queue queue_{QueueConfig(), world_.system(), storage_};
};

void message_through_queue(benchmark::State& state) {
  Mill mill(static_cast<std::uint64_t>(state.range(0)));
  for (auto _ : state) mill.pass_one();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(message_through_queue)
    ->ArgName("waiting")
    ->Arg(0)
    ->Arg(10'000)
    ->Arg(100'000)
    ->Arg(1'000'000)
    ->Iterations(10'000)  // So that what waits is prepared once.
    ->Apply(counted);

}  // namespace
}  // namespace veredus::queue
