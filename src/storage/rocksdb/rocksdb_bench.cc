// What a message costs here: committed (4 KiB body, 300 octets of envelope), and removed a little
// later as if delivered. Figures and conditions: README.md. The folder is in $TMPDIR: set that to
// the disk you mean.

#include <algorithm>
#include <vector>

#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include "base/counted_bench_support.h"
#include "storage/rocksdb/test_support.h"

namespace veredus::storage {
namespace {

constexpr std::uint64_t kMessagesMax = 40'000;
constexpr std::uint64_t kMessagesOfTaskMax = 2'000;
constexpr std::uint64_t kMessagesInHand = 8;  ///< Of a task, between commit and removal.

std::string key_of(std::uint64_t id) { return {reinterpret_cast<const char*>(&id), sizeof(id)}; }

Batch message(std::uint64_t id) {
  Batch batch;
  batch.put(Space::queue, key_of(id), Bytes(std::string(300, 'e')));
  std::vector<Bytes> chunks;
  chunks.emplace_back(std::string(4096, static_cast<char>('a' + id % 26)));
  batch.put_blob(BlobId{id}, 0, std::move(chunks));
  return batch;
}

Batch removal(std::uint64_t id) {
  Batch batch;
  batch.erase(Space::queue, key_of(id));
  batch.erase_blob(BlobId{id}, 1);
  return batch;
}

io::Task<bool> deliver_messages(Storage& storage, std::uint64_t first, std::uint64_t count) {
  for (std::uint64_t id = first; id < first + count + kMessagesInHand; ++id) {
    if (id < first + count) {
      Result<> accepted = co_await storage.commit(message(id));
      if (!accepted) co_return false;
    }
    if (id >= first + kMessagesInHand) {
      Result<> removed = co_await storage.commit(removal(id - kMessagesInHand));
      if (!removed) co_return false;
    }
  }
  co_return true;
}

/// User and system time of all threads, RocksDB's own included.
double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

void commit_and_remove(benchmark::State& state) {
  const auto task_count = static_cast<std::uint64_t>(state.range(0));
  const support::TemporaryFolder folder;
  RocksdbOptions options;
  options.path = folder.path();
  support::World world(options);
  std::uint64_t next_id = 1;
  double cpu = 0;
  for (auto _ : state) {
    const double cpu_before = cpu_seconds();
    std::vector<std::future<bool>> tasks;
    for (std::uint64_t task = 0; task < task_count; ++task) {
      const std::uint64_t count = std::min(kMessagesMax / task_count, kMessagesOfTaskMax);
      tasks.push_back(world.start(deliver_messages(world.storage(), next_id, count), task % 2));
      next_id += count;
    }
    for (std::future<bool>& task : tasks) {
      if (!task.get()) state.SkipWithError("a commit failed");
    }
    cpu += cpu_seconds() - cpu_before;
  }
  const RocksdbStorage::Counters counters = world.storage().counters();
  const auto messages = static_cast<double>(next_id - 1);
  state.counters["messages/s"] = benchmark::Counter(messages, benchmark::Counter::kIsRate);
  state.counters["cpu_us/message"] = cpu * 1e6 / messages;
  state.counters["commits/flush"] =
      static_cast<double>(counters.commits) / static_cast<double>(counters.flushes);
}
BENCHMARK(commit_and_remove)->Arg(1)->Arg(20)->Arg(100)->UseRealTime()->Unit(benchmark::kSecond);

/// The same for one message after the other, without the waiting for the disk: two groups of one.
void commit_and_remove_unflushed(benchmark::State& state) {
  const support::TemporaryFolder folder;
  RocksdbOptions options;
  options.path = folder.path();
  options.sync = false;
  support::World world(options);
  std::uint64_t id = 0;
  for (auto _ : state) {
    if (!world.run(deliver_messages(world.storage(), ++id, 1)))
      return state.SkipWithError("a commit failed");
  }
}
BENCHMARK(commit_and_remove_unflushed)->UseRealTime()->Apply(counted);

}  // namespace
}  // namespace veredus::storage
