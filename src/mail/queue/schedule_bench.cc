// What scheduling costs, in time and memory, and how fair it is. Figures and conditions:
// docs/queue.md.

#include <chrono>
#include <cstdint>
#include <string>
#include <unordered_set>

#include <benchmark/benchmark.h>
#include <malloc.h>

#include "base/counted_bench_support.h"
#include "mail/queue/schedule.h"

namespace veredus::queue {
namespace {

constexpr SteadyTime kEpoch{std::chrono::hours(1)};
constexpr SteadyTime kFar = kEpoch + std::chrono::hours(1000);

std::string destination_of(std::uint64_t number) {
  return "mx:destination-" + std::to_string(number) + ".example";
}

SenderKey sender_of(std::uint64_t number) { return SenderKey{static_cast<std::uint32_t>(number)}; }

/// Workers that do each job at once and ask for the next. Returns how many jobs there were until
/// nothing was left to do, or the message `until` was handed out.
class Workers {
 public:
  explicit Workers(Schedule& schedule) : schedule_(schedule) {}

  std::uint64_t run(SteadyTime now, QueueId until = QueueId{~std::uint64_t{0}}) {
    std::uint64_t jobs = 0;
    while (const auto action = schedule_.act(now)) {
      if (action->kind == Action::Kind::end) continue;
      if (action->kind == Action::Kind::hand) {
        ++jobs;
        benchmark::DoNotOptimize(schedule_.judge(action->destination, Verdict::success, now, ""));
        schedule_.done(action->destination);
        if (action->entry.id == until) return jobs;
      }
      schedule_.ask(schedule_.name(action->destination), WaiterId{++last_}, kFar, {});
    }
    return jobs;
  }

 private:
  Schedule& schedule_;
  std::uint64_t last_ = 0;
};

/// One message's whole life in the schedule: added, a worker asks, gets it, reports, ends or not.
void one_message(benchmark::State& state) {
  const auto destinations = static_cast<std::uint64_t>(state.range(0));
  Schedule schedule(QueueConfig(), kEpoch);
  Workers workers(schedule);
  std::uint64_t id = 0;
  for (auto _ : state) {
    const DestinationId destination = schedule.intern(destination_of(id % destinations));
    schedule.add({QueueId{++id}, destination, sender_of(id % 7)});
    workers.run(kEpoch);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(one_message)->Arg(1)->Arg(100)->Arg(10'000);

/// The same while so many others wait: half of them until they are due, half for a worker of a
/// destination that is held.
void one_message_among(benchmark::State& state) {
  const auto waiting = static_cast<std::uint64_t>(state.range(0));
  Schedule schedule(QueueConfig(), kEpoch);
  Workers workers(schedule);
  schedule.hold(destination_of(0));
  for (std::uint64_t i = 0; i < waiting / 2; ++i) {
    schedule.add({QueueId{i}, schedule.intern(destination_of(0)), sender_of(i % 100)});
    schedule.defer({QueueId{waiting + i}, schedule.intern(destination_of(1 + i % 1000))},
                   kFar + std::chrono::seconds(i * 7919 % 14'400));
  }
  std::uint64_t id = 2 * waiting;
  for (auto _ : state) {
    schedule.add({QueueId{++id}, schedule.intern(destination_of(2000)), sender_of(id % 7)});
    workers.run(kEpoch);
  }
}
BENCHMARK(one_message_among)
    ->ArgName("waiting")
    ->Arg(0)
    ->Arg(10'000)
    ->Arg(100'000)
    ->Arg(1'000'000)
    ->Iterations(100'000)  // So that what waits is prepared once.
    ->Apply(counted);

/// Heap per deferred message, of a million at so many destinations; then all come due and go.
void million_deferred(benchmark::State& state) {
  constexpr std::uint64_t kMessages = 1'000'000;
  const auto destinations = static_cast<std::uint64_t>(state.range(0));
  for (auto _ : state) {
    const std::size_t before = ::mallinfo2().uordblks + ::mallinfo2().hblkhd;
    Schedule schedule(QueueConfig(), kEpoch);
    for (std::uint64_t i = 0; i < kMessages; ++i) {
      const DestinationId destination = schedule.intern(destination_of(i % destinations));
      schedule.defer({QueueId{i}, destination, sender_of(i)},
                     kEpoch + std::chrono::seconds(i * 7919 % 14'400));
    }
    const std::size_t after = ::mallinfo2().uordblks + ::mallinfo2().hblkhd;
    state.counters["octets_per_message"] =
        static_cast<double>(after - before) / static_cast<double>(kMessages);
    Workers workers(schedule);
    std::uint64_t jobs = 0;
    for (int second = 0; second <= 14'400; ++second)
      jobs += workers.run(kEpoch + std::chrono::seconds(second));
    if (jobs != kMessages) state.SkipWithError("some never came up");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kMessages));
}
BENCHMARK(million_deferred)->Arg(1000)->Arg(10'000)->Unit(benchmark::kMillisecond)->Iterations(3);

/// An operator removes 1000 of a million deferred messages.
void forget_thousand(benchmark::State& state) {
  Schedule schedule(QueueConfig(), kEpoch);
  for (std::uint64_t i = 0; i < 1'000'000; ++i)
    schedule.defer({QueueId{i}, schedule.intern(destination_of(i % 10'000))},
                   kEpoch + std::chrono::seconds(i * 7919 % 14'400));
  std::uint64_t next = 0;
  for (auto _ : state) {
    std::unordered_set<QueueId> ids;
    for (int i = 0; i < 1000; ++i) ids.insert(QueueId{(next += 7)});
    schedule.forget(ids);
  }
}
BENCHMARK(forget_thousand)->Unit(benchmark::kMillisecond)->Iterations(20);

/// A sender of one message behind a sender of 100,000 to the same destination, or behind so many
/// senders of ten each: which place it goes out at.
void fairness(benchmark::State& state) {
  const auto senders = static_cast<std::uint64_t>(state.range(0));
  constexpr QueueId kLast{1'000'000};
  for (auto _ : state) {
    Schedule schedule(QueueConfig(), kEpoch);
    const DestinationId destination = schedule.intern(destination_of(0));
    for (std::uint64_t i = 0; i < 100'000; ++i)
      schedule.add({QueueId{i}, destination, sender_of(i % senders)});
    schedule.add({kLast, destination, sender_of(senders)});
    state.counters["place"] = static_cast<double>(Workers(schedule).run(kEpoch, kLast));
  }
}
BENCHMARK(fairness)->Arg(1)->Arg(10)->Arg(10'000)->Unit(benchmark::kMillisecond)->Iterations(3);

/// The same between destinations, when there is one worker in all.
void fairness_of_destinations(benchmark::State& state) {
  constexpr QueueId kLast{1'000'000};
  QueueConfig config;
  config.workers_max = 1;
  for (auto _ : state) {
    Schedule schedule(config, kEpoch);
    for (std::uint64_t i = 0; i < 100'000; ++i)
      schedule.add({QueueId{i}, schedule.intern(destination_of(0)), sender_of(0)});
    schedule.add({kLast, schedule.intern(destination_of(1)), sender_of(1)});
    state.counters["place"] = static_cast<double>(Workers(schedule).run(kEpoch, kLast));
  }
}
BENCHMARK(fairness_of_destinations)->Unit(benchmark::kMillisecond)->Iterations(3);

}  // namespace
}  // namespace veredus::queue
