// What scheduling costs, in time and memory. Figures and conditions: docs/queue.md.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <future>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>
#include <malloc.h>

#include "io/production.h"
#include "mail/queue/queue.h"
#include "mail/queue/schedule.h"
#include "mail/queue/spool.h"
#include "storage/rocksdb/rocksdb_storage.h"

namespace veredus::queue {
namespace {

constexpr SteadyTime kEpoch{std::chrono::hours(1)};

std::string destination_of(std::uint64_t number) {
  return "destination-" + std::to_string(number) + ".example";
}

/// One message's whole life in the schedule: added, a worker asks, gets it, reports, ends or not.
void one_message(benchmark::State& state) {
  const auto destinations = static_cast<std::uint64_t>(state.range(0));
  Schedule schedule(QueueConfig(), kEpoch);
  std::uint64_t id = 0;
  std::uint64_t waiter = 0;
  for (auto _ : state) {
    const DestinationId destination = schedule.intern(destination_of(id % destinations));
    schedule.add({QueueId{++id}, destination});
    while (const auto action = schedule.act(kEpoch)) {
      if (action->kind == Action::Kind::start) {
        schedule.ask(schedule.name(action->destination), WaiterId{++waiter},
                     kEpoch + std::chrono::hours(1));
      } else if (action->kind == Action::Kind::hand) {
        benchmark::DoNotOptimize(schedule.judge(action->destination, Verdict::success, kEpoch));
        schedule.done(action->destination);
        schedule.ask(schedule.name(action->destination), WaiterId{++waiter},
                     kEpoch + std::chrono::hours(1));
      }
    }
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(one_message)->Arg(1)->Arg(100)->Arg(10'000);

/// Heap per deferred message, of a million at a thousand destinations.
void deferred_memory(benchmark::State& state) {
  constexpr std::uint64_t kMessages = 1'000'000;
  for (auto _ : state) {
    const std::size_t before = ::mallinfo2().uordblks + ::mallinfo2().hblkhd;
    Schedule schedule(QueueConfig(), kEpoch);
    for (std::uint64_t i = 0; i < kMessages; ++i) {
      const DestinationId destination = schedule.intern(destination_of(i % 1000));
      schedule.defer({QueueId{i}, destination}, kEpoch + std::chrono::seconds(i * 7919 % 14'400));
    }
    const std::size_t after = ::mallinfo2().uordblks + ::mallinfo2().hblkhd;
    state.counters["octets_per_message"] =
        static_cast<double>(after - before) / static_cast<double>(kMessages);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kMessages));
}
BENCHMARK(deferred_memory)->Unit(benchmark::kMillisecond)->Iterations(3);

/// Start of a queue with deferred messages on RocksDB, in a folder of $TMPDIR.
class Restart : public benchmark::Fixture {
 public:
  void SetUp(benchmark::State& state) override {
    std::string name = (std::filesystem::temp_directory_path() / "queue_bench_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) return state.SkipWithError("no folder");
    folder_ = name;
    auto outside = io::Production::make({.reactors = 1, .workers = 2, .dns = {}});
    if (!outside) return state.SkipWithError(outside.error().text().c_str());
    outside_ = std::move(*outside);
    auto storage =
        storage::RocksdbStorage::open({.path = folder_, .sync = false}, outside_->system().workers);
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

  static void add(storage::Batch& batch, std::uint64_t i, WallTime now) {
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
    standing.next_attempt = now + std::chrono::hours(1);
    standing.reply = "450 4.2.0 Greylisted, come back later";
    std::string key;
    for (int shift = 56; shift >= 0; shift -= 8)
      key.push_back(static_cast<char>(static_cast<std::uint64_t>(id) >> shift));
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
        [](const Recipient& recipient) { return std::string(recipient.address.host_text()); },
        [](const std::string&) {});
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

}  // namespace
}  // namespace veredus::queue
