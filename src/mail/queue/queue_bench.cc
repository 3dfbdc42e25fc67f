// What a start costs, in time and memory, and how fast a long queue empties. Figures and
// conditions: docs/queue.md.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <future>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>
#include <malloc.h>

#include "base/log.h"
#include "io/production.h"
#include "mail/queue/queue.h"
#include "mail/queue/spool.h"
#include "storage/rocksdb/rocksdb_storage.h"

namespace veredus::queue {
namespace {

std::string destination_of(std::uint64_t number) {
  return "destination-" + std::to_string(number) + ".example";
}

/// A queue with deferred messages to 1000 destinations on RocksDB, in a folder of $TMPDIR.
class Restart : public benchmark::Fixture {
 public:
  void SetUp(benchmark::State& state) override {
    std::string name = (std::filesystem::temp_directory_path() / "queue_bench_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) return state.SkipWithError("no folder");
    folder_ = name;
    auto outside = io::Production::make({.reactors = 2, .workers = 2, .dns = {}});
    if (!outside) return state.SkipWithError(outside.error().text().c_str());
    outside_ = std::move(*outside);
    auto storage = storage::RocksdbStorage::open({.path = folder_}, outside_->system().workers);
    if (!storage) return state.SkipWithError(storage.error().text().c_str());
    storage_ = std::move(*storage);
    wait(fill(static_cast<std::uint64_t>(state.range(0))));
  }

  void TearDown(benchmark::State& /*state*/) override {
    if (outside_) outside_->stop();
    if (storage_) storage_->stop();
    if (outside_) outside_->clear();
    queue_.reset();
    storage_.reset();
    outside_.reset();
    std::filesystem::remove_all(folder_);
  }

 protected:
  /// Many messages a batch: this prepares, it does not measure.
  io::Task<> fill(std::uint64_t messages) {
    const WallTime now = outside_->system().clock.wall();
    for (std::uint64_t first = 0; first < messages; first += 1000) {
      storage::Batch batch;
      for (std::uint64_t i = first; i < first + 1000; ++i) add(batch, i, now);
      Result<> done = co_await storage_->commit(std::move(batch));
      if (!done) std::abort();
    }
  }

  void add(storage::Batch& batch, std::uint64_t i, WallTime now) const {
    const QueueId id{(std::uint64_t{1} << 50) + i};
    Envelope envelope;
    envelope.id = id;
    envelope.sender = smtp::ReversePath(*smtp::Address::parse("sender@example.org"));
    const std::string host = destination_of(i % 1000);
    envelope.recipients.push_back({*smtp::Address::parse("someone@" + host), {}, {}, {}, {}});
    envelope.received_at = now;
    envelope.origin.client = "192.0.2.1:52525";
    envelope.message_id = "<" + std::to_string(i) + "@example.org>";
    Standing standing;
    standing.state = State::deferred;
    standing.attempts = 3;
    standing.next_attempt = now + due_in;
    standing.reply = "450 4.2.0 Greylisted, come back later";
    std::string key;
    for (int shift = 56; shift >= 0; shift -= 8)
      key.push_back(static_cast<char>(static_cast<std::uint64_t>(id) >> shift));
    if (body_octets > 0) {
      envelope.chunk_count = 1;
      batch.put_blob(body_of(id), 0, {Bytes(std::string(body_octets, 'b'))});
    }
    batch.put(storage::Space::queue, key, Bytes(encode(envelope)));
    batch.put(storage::Space::queue_state, key + std::string(4, '\0'), Bytes(encode(standing)));
  }

  io::Task<> start() {
    Result<> started = co_await queue_->start();
    if (!started) std::abort();
  }

  static io::Task<> then(io::Task<> task, std::promise<void>& done) {
    co_await std::move(task);
    done.set_value();
  }
  void wait(io::Task<> task) {
    std::promise<void> done;
    outside_->system().reactors[0]->spawn("bench", then(std::move(task), done));
    done.get_future().wait();
  }

  Duration due_in = std::chrono::hours(1);
  std::size_t body_octets = 0;
  std::string folder_;
  std::unique_ptr<io::Production> outside_;
  std::unique_ptr<storage::RocksdbStorage> storage_;
  std::unique_ptr<Queue> queue_;
};

BENCHMARK_DEFINE_F(Restart, start)(benchmark::State& state) {
  if (!storage_) return;
  for (auto _ : state) {
    const std::size_t before = ::mallinfo2().uordblks + ::mallinfo2().hblkhd;
    queue_ = std::make_unique<Queue>(QueueConfig(), outside_->system(), *storage_);
    queue_->connect(
        {.destination_of =
             [](const Recipient& recipient) { return std::string(recipient.address.host_text()); },
         .start_worker = [](const std::string&) {},
         .compose_notice = {}});
    wait(start());
    const std::size_t after = ::mallinfo2().uordblks + ::mallinfo2().hblkhd;
    state.counters["octets_per_message"] =
        static_cast<double>(after - before) / static_cast<double>(state.range(0));
  }
}
BENCHMARK_REGISTER_F(Restart, start)
    ->Arg(1'000'000)
    ->Iterations(1)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

/// All of it is due, bodies of 4 KiB must be read, and each attempt takes 50 ms of waiting, as a
/// next hop's replies do: what remains is what the queue itself and its disk allow.
class Drain : public Restart {
 public:
  Drain() {
    due_in = Duration::zero();
    body_octets = 4096;
  }

 protected:
  io::Task<> work(std::string destination) {
    io::Clock& clock = outside_->system().clock;
    for (;;) {
      std::optional<Job> job = co_await queue_->next(
          {.destination = destination, .hosts = {}, .idle = std::chrono::seconds(1)});
      if (!job) co_return;
      Result<Bytes> body = co_await queue_->chunk(*job, 0);
      if (!body) std::abort();
      co_await clock.sleep_for(std::chrono::milliseconds(50));
      Outcome outcome{.recipient = job->recipients.front(),
                      .state = State::relayed,
                      .reply = "250 2.0.0 Ok",
                      .remote = "mx [192.0.2.1:25]"};
      co_await queue_->report(std::move(*job), {std::move(outcome)});
    }
  }
  io::Task<> until_empty() {
    while (queue_->messages() > 0)
      co_await outside_->system().clock.sleep_for(std::chrono::milliseconds(10));
  }
};

BENCHMARK_DEFINE_F(Drain, messages)(benchmark::State& state) {
  if (!storage_) return;
  log::set_level(log::Level::warning);
  QueueConfig config;
  config.workers_max = 2000;
  std::atomic<std::size_t> turn = 0;
  for (auto _ : state) {
    queue_ = std::make_unique<Queue>(config, outside_->system(), *storage_);
    queue_->connect(
        {.destination_of =
             [](const Recipient& recipient) { return std::string(recipient.address.host_text()); },
         .start_worker =
             [&](const std::string& destination) {
               outside_->system().reactors[turn++ % 2]->spawn("work", work(destination));
             },
         .compose_notice = {}});
    wait(start());
    wait(until_empty());
  }
  state.SetItemsProcessed(state.range(0));
}
BENCHMARK_REGISTER_F(Drain, messages)
    ->Arg(100'000)
    ->Iterations(1)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace veredus::queue
