#include "main/service/watchdog.h"

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <thread>

#include <gtest/gtest.h>

#include "io/production.h"

namespace veredus {
namespace {

constexpr std::chrono::milliseconds kPeriod{20};

TEST(Watchdog, IsQuietWhileOneReactorHangs) {
  io::ProductionOptions options;
  options.reactors = 2;
  auto production = io::Production::make(options);
  ASSERT_TRUE(production);
  const io::System system = (*production)->system();
  std::atomic<int> signs = 0;
  const auto count_over = [&](std::chrono::milliseconds time) {
    const int before = signs;
    std::this_thread::sleep_for(time);
    return signs - before;
  };
  system.reactors.front()->spawn("watchdog", keep_watch(system, kPeriod, [&] { ++signs; }));
  while (signs == 0) std::this_thread::sleep_for(kPeriod);

  std::promise<void> hanging;
  std::promise<void> go_on;
  system.reactors.back()->post([&] {
    hanging.set_value();
    go_on.get_future().wait();
  });
  hanging.get_future().wait();
  count_over(3 * kPeriod);  // The round that had its answer already.
  EXPECT_EQ(count_over(10 * kPeriod), 0);

  go_on.set_value();
  const int before = signs;
  while (signs == before) std::this_thread::sleep_for(kPeriod);
  (*production)->stop();
}

}  // namespace
}  // namespace veredus
