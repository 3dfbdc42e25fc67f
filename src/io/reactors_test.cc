#include "io/reactors.h"

#include <csignal>
#include <latch>
#include <set>
#include <stdexcept>
#include <thread>

#include <unistd.h>

#include "io/callback.h"
#include "io/kernel_random.h"
#include "io/production.h"
#include "io/real_clock.h"
#include "io/signals.h"
#include "io/test_support.h"
#include "io/worker_threads.h"

namespace veredus::io {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ReactorsTest = ReactorTest;

Task<std::thread::id> this_thread() { co_return std::this_thread::get_id(); }

Task<int> throwing() {
  throw std::runtime_error("a bug");
  co_return 1;
}

TEST_F(ReactorsTest, RunsPostedWorkOfManyThreadsOnItsOwn) {
  constexpr int kThreads = 4;
  constexpr int kPosts = 1000;
  std::latch done(kThreads * kPosts);
  int count = 0;  // Unguarded: one reactor alone changes it.
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread)
    threads.emplace_back([&] {
      for (int post = 0; post < kPosts; ++post)
        first().post([&] {
          ++count;
          done.count_down();
        });
    });
  done.wait();
  EXPECT_EQ(count, kThreads * kPosts);
}

TEST_F(ReactorsTest, EachIsAThread) {
  const auto a = run_on(first(), this_thread());
  const auto b = run_on(second(), this_thread());
  EXPECT_NE(a, b);
  EXPECT_NE(a, std::this_thread::get_id());
  EXPECT_EQ(a, run_on(first(), this_thread()));
}

Task<> fail_then_nothing() { [[maybe_unused]] const auto never = co_await throwing(); }

TEST_F(ReactorsTest, CountsExceptionsAndGoesOn) {
  first().spawn("bad_task", fail_then_nothing());
  first().post([] { throw std::runtime_error("another bug"); });
  run_on(first(), this_thread());  // The task's end is posted by now,
  run_on(first(), this_thread());  // and was reported.
  EXPECT_EQ(reactors_.tasks_failed(), 2U);
}

Task<std::string> from_a_foreign_thread(std::vector<std::jthread>& threads) {
  auto text = co_await await_callback<Result<std::string>>([&](Resume<Result<std::string>> resume) {
    threads.emplace_back([resume = std::move(resume)]() mutable { resume("hello"); });
  });
  co_return text.value_or("");
}

Task<bool> returns_to_its_thread(std::vector<std::jthread>& threads) {
  const auto before = std::this_thread::get_id();
  auto text = co_await from_a_foreign_thread(threads);
  co_return text == "hello" && std::this_thread::get_id() == before;
}

TEST_F(ReactorsTest, AwaitsCallbacksOfForeignThreads) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(run_on(first(), returns_to_its_thread(threads)));
    ASSERT_TRUE(run_on(second(), returns_to_its_thread(threads)));
  }
}

Task<int> resumed_inside() {
  auto value = co_await await_callback<std::unique_ptr<int>>(
      [](Resume<std::unique_ptr<int>> resume) { resume(std::make_unique<int>(7)); });
  co_return *value;
}

TEST_F(ReactorsTest, ACallbackMayComeBeforeStartReturns) {
  EXPECT_EQ(run_on(first(), resumed_inside()), 7);
}

/// Says when it is destroyed.
struct Witness {
  explicit Witness(bool& flag) : destroyed(&flag) {}
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;
  ~Witness() { *destroyed = true; }
  bool* destroyed;
};

Task<> wait_for_ever(std::unique_ptr<Witness> witness, std::unique_ptr<Resume<>>& kept,
                     std::latch& waiting) {
  const auto owned = std::move(witness);
  co_await await_callback<void>([&](Resume<> resume) {
    kept = std::make_unique<Resume<>>(std::move(resume));
    waiting.count_down();
  });
}

TEST_F(ReactorsTest, ClearDestroysWhatWasNeverResumed) {
  bool destroyed = false;
  std::latch waiting(1);
  std::unique_ptr<Resume<>> kept;
  first().spawn("waits", wait_for_ever(std::make_unique<Witness>(destroyed), kept, waiting));
  waiting.wait();
  reactors_.stop();
  EXPECT_FALSE(destroyed);
  kept = nullptr;
  reactors_.clear();
  EXPECT_TRUE(destroyed);
}

TEST_F(ReactorsTest, ClearDestroysWhatWasResumedTooLate) {
  bool destroyed = false;
  std::latch waiting(1);
  std::unique_ptr<Resume<>> kept;
  second().spawn("waits", wait_for_ever(std::make_unique<Witness>(destroyed), kept, waiting));
  waiting.wait();
  reactors_.stop();
  (*kept)();
  kept = nullptr;
  reactors_.clear();
  EXPECT_TRUE(destroyed);
}

Task<int> sum_on(Workers& workers) {
  int sum = 0;
  for (int i = 0; i < 100; ++i) {
    auto part = co_await run_blocking(workers, [i] { return i; });
    sum += part;
  }
  co_return sum;
}

Task<std::string> caught_from(Workers& workers) {
  try {
    co_await workers.run([] { throw std::runtime_error("from the job"); });
  } catch (const std::runtime_error& error) {
    co_return error.what();
  }
  co_return "nothing thrown";
}

TEST_F(ReactorsTest, WorkersRunJobsAndPassExceptionsOn) {
  WorkerThreads workers(3);
  EXPECT_EQ(run_on(first(), sum_on(workers)), 4950);
  EXPECT_EQ(run_on(second(), caught_from(workers)), "from the job");
  reactors_.stop();
  workers.stop();
  reactors_.clear();
}

TEST_F(ReactorsTest, WorkersStopWithJobsInTheQueue) {
  auto workers = std::make_unique<WorkerThreads>(1);
  std::latch begun(1);
  auto slow = [&begun] {
    begun.count_down();
    std::this_thread::sleep_for(milliseconds(50));
  };
  first().spawn("slow", workers->run(slow));
  begun.wait();
  for (int i = 0; i < 10; ++i) first().spawn("queued", workers->run([] {}));
  reactors_.stop();
  workers->stop();
  reactors_.clear();
}

Task<Duration> time_asleep(Clock& clock, Duration duration) {
  const SteadyTime before = clock.now();
  co_await clock.sleep_for(duration);
  co_return clock.now() - before;
}

Task<bool> wait_for_signal(Signal& signal, SteadyTime deadline) {
  co_return co_await signal.wait_until(deadline);
}

TEST_F(ReactorsTest, TheClockSleepsAndSignals) {
  RealClock clock;
  EXPECT_GE(run_on(first(), time_asleep(clock, milliseconds(20))), milliseconds(20));

  const auto signal = clock.signal();
  EXPECT_FALSE(run_on(first(), wait_for_signal(*signal, clock.now() + milliseconds(5))));
  first().post([&] { signal->raise(); });
  EXPECT_TRUE(run_on(first(), wait_for_signal(*signal, clock.now() + seconds(10))));

  std::jthread other([&] {
    std::this_thread::sleep_for(milliseconds(20));
    first().post([&] { signal->raise(); });
  });
  EXPECT_TRUE(run_on(first(), wait_for_signal(*signal, SteadyTime::max())));
  reactors_.stop();
}

TEST(KernelRandom, DoesNotRepeat) {
  KernelRandom random;
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random.next());
  EXPECT_EQ(seen.size(), 1000U);
  for (int i = 0; i < 1000; ++i) EXPECT_LT(random.below(10), 10U);
}

TEST_F(ReactorsTest, SignalsOfTheProcessBecomeCalls) {
  std::promise<int> got;
  ASSERT_TRUE(
      handle_signals(reactors_, {SIGUSR1, SIGUSR2}, [&](int number) { got.set_value(number); }));
  ::kill(::getpid(), SIGUSR2);
  EXPECT_EQ(got.get_future().get(), SIGUSR2);
}

TEST_F(ReactorsTest, RefusesASignalThatCannotBeHandled) {
  const auto handled = handle_signals(reactors_, {SIGKILL}, [](int) {});
  ASSERT_FALSE(handled);
  EXPECT_TRUE(handled.error().text().contains("signal 9")) << handled.error().text();
}

TEST(ProductionTest, StartsAndStopsWithTasksInFlight) {
  ProductionOptions options;
  options.reactors = 2;
  auto production = Production::make(options);
  ASSERT_TRUE(production) << production.error().text();
  const System system = (*production)->system();
  ASSERT_EQ(system.reactors.size(), 2U);
  system.reactors[0]->spawn("sleeps", system.clock.sleep_for(std::chrono::hours(1)));
  system.reactors[1]->spawn("works", system.workers.run([] {}));
  EXPECT_NE(system.random.next(), system.random.next());
}

}  // namespace
}  // namespace veredus::io
