// What the reactors themselves can accept: real sessions before the real queue, with clients in
// memory, so that neither a generator nor sockets share the processor with them. Shows what a
// second reactor brings. All messages stay in the queue: nobody delivers.

#include <algorithm>
#include <atomic>
#include <ctime>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include <benchmark/benchmark.h>

#include "base/log.h"
#include "io/production.h"
#include "io/temporary_folder.h"
#include "io/wait_for.h"
#include "mail/accept/accept_bench_support.h"
#include "mail/accept/session.h"
#include "storage/rocksdb/rocksdb_storage.h"

namespace veredus::accept {
namespace {

constexpr int kSessionsOfReactor = 20;
/// Of all reactors together, so that the queue grows to the same length with one and with two.
constexpr std::int64_t kMessages = 20'000;
constexpr std::chrono::seconds kPatience{60};

template <class T>
T valid(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().text());
  return std::move(*result);
}

/// Reactors, queue and log as in production; the log is in a folder of $TMPDIR.
class World {
 public:
  enum class Disk : std::uint8_t { none, unflushed };

  World(unsigned reactors, Disk disk)
      : outside_(valid(io::Production::make({.reactors = reactors, .workers = 2, .dns = {}}))) {
    if (!log::start({.file = folder_.path() + "/log"})) throw std::runtime_error("no log");
    if (disk == Disk::unflushed)
      rocksdb_ = valid(storage::RocksdbStorage::open(
          {.path = folder_.path() + "/queue", .sync = false}, system_.workers));
    queue_.emplace(queue::QueueConfig(), system_,
                   rocksdb_ ? static_cast<storage::Storage&>(*rocksdb_) : instant_);
    queue_->connect({.destination_of = [](const queue::Recipient&) { return std::string("out"); },
                     .start_worker = [](const std::string&) {},
                     .compose_notice = {}});
    if (!io::wait_for(*system_.reactors.front(), queue_->start()))
      throw std::runtime_error("the queue does not start");
    surroundings_ = std::make_unique<Surroundings>(system_, *queue_);
  }
  ~World() {
    outside_->stop();
    if (rocksdb_) rocksdb_->stop();
    outside_->clear();
    log::stop();
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// Sends `messages`, with kSessionsOfReactor sessions on every reactor; once. What went wrong,
  /// or nothing.
  std::string accept(std::int64_t messages) {
    support::Supply supply(messages);
    std::future<void> all_ended = all_ended_.get_future();
    sessions_ = kSessionsOfReactor * static_cast<int>(system_.reactors.size());
    for (io::Reactor* reactor : system_.reactors)
      reactor->post([this, reactor, &supply] { begin(*reactor, supply); });
    // The tasks refer to what is here: there is no way on without them.
    if (all_ended.wait_for(kPatience) != std::future_status::ready) std::abort();
    if (supply.fault().empty() && supply.accepted() != messages) return "some were not accepted";
    return supply.fault();
  }

 private:
  /// On `reactor`, as a session begins: it must not share its memory with another's thread.
  void begin(io::Reactor& reactor, support::Supply& supply) {
    for (int i = 0; i < kSessionsOfReactor; ++i)
      reactor.spawn("session", serve(*this, reactor, supply));
  }
  static io::Task<> serve(World& world, io::Reactor& reactor, support::Supply& supply) {
    {
      Session session(*world.surroundings_, world.settings_,
                      {.id = SessionId{++world.next_session_},
                       .port = {},
                       .stream = std::make_unique<support::CannedClient>(world.script_, supply),
                       .reactor = reactor});
      co_await session.run();
    }
    if (--world.sessions_ == 0) world.all_ended_.set_value();
  }

  const io::TemporaryFolder folder_;
  const support::Script script_{support::text_of_message()};
  const SharedSettings settings_ = support::settings();
  std::unique_ptr<io::Production> outside_;
  const io::System system_ = outside_->system();
  support::InstantStorage instant_;
  std::unique_ptr<storage::RocksdbStorage> rocksdb_;
  std::optional<queue::Queue> queue_;
  std::unique_ptr<Surroundings> surroundings_;
  std::atomic<std::uint64_t> next_session_ = 0;
  std::atomic<int> sessions_ = 0;
  std::promise<void> all_ended_;
};

/// Of all threads.
double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

void accept_messages(benchmark::State& state, World::Disk disk) {
  double cpu = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto world = std::make_unique<World>(static_cast<unsigned>(state.range(0)), disk);
    state.ResumeTiming();
    const double cpu_before = cpu_seconds();
    const std::string fault = world->accept(kMessages);
    cpu += cpu_seconds() - cpu_before;
    state.PauseTiming();
    world.reset();
    state.ResumeTiming();
    if (!fault.empty()) return state.SkipWithError(fault.c_str());
  }
  const auto messages = static_cast<double>(state.iterations() * kMessages);
  state.counters["messages/s"] = benchmark::Counter(messages, benchmark::Counter::kIsRate);
  state.counters["cpu_us/message"] = cpu * 1e6 / messages;
}

void without_disk(benchmark::State& state) { accept_messages(state, World::Disk::none); }
void unflushed(benchmark::State& state) { accept_messages(state, World::Disk::unflushed); }

void one_and_two(benchmark::internal::Benchmark* bench) {
  bench->ArgName("reactors")->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
}
BENCHMARK(without_disk)->Apply(one_and_two);
BENCHMARK(unflushed)->Apply(one_and_two);

}  // namespace
}  // namespace veredus::accept
