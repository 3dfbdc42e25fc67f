#include "io/shared_syncs.h"

#include <atomic>
#include <semaphore>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace veredus::io {
namespace {

TEST(SharedSyncs, WhoComesDuringAFlushWaitsForTheNextAndSharesIt) {
  SharedSyncs syncs;
  std::atomic<int> flushes = 0;
  std::binary_semaphore first_began(0);
  std::binary_semaphore first_may_end(0);
  std::thread first([&] {
    EXPECT_TRUE(syncs.sync("a", [&]() -> Result<> {
      ++flushes;
      first_began.release();
      first_may_end.acquire();
      return {};
    }));
  });
  first_began.acquire();
  std::atomic<int> arrived = 0;
  std::vector<std::thread> others;
  for (int i = 0; i < 8; ++i)
    others.emplace_back([&] {
      ++arrived;
      EXPECT_TRUE(syncs.sync("a", [&]() -> Result<> {
        ++flushes;
        return {};
      }));
      EXPECT_GE(flushes, 2) << "the one that ran already does not count";
    });
  while (arrived < 8) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  first_may_end.release();
  first.join();
  for (std::thread& other : others) other.join();
  EXPECT_LE(flushes, 5) << "most had come before the second one began";
}

TEST(SharedSyncs, AnErrorIsOfThoseWhoWaitedForIt) {
  SharedSyncs syncs;
  const auto fails = []() -> Result<> { return fail(Fault::overloaded, "full"); };
  const Result<> failed = syncs.sync("a", fails);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().text(), "full");
  EXPECT_EQ(failed.error().fault(), Fault::overloaded);
  EXPECT_TRUE(syncs.sync("a", [] { return Result<>(); }));
  EXPECT_TRUE(syncs.sync("b", [] { return Result<>(); }));
}

TEST(SharedSyncs, AnErrorGoesToAllWhoWaitedForIt) {
  SharedSyncs syncs;
  std::binary_semaphore first_began(0);
  std::binary_semaphore first_may_end(0);
  std::thread first([&] {
    EXPECT_TRUE(syncs.sync("a", [&]() -> Result<> {
      first_began.release();
      first_may_end.acquire();
      return {};
    }));
  });
  first_began.acquire();
  std::atomic<int> failures = 0;
  std::vector<std::thread> others;
  for (int i = 0; i < 8; ++i)
    others.emplace_back([&] {
      const auto fails = []() -> Result<> { return fail(Fault::unavailable, "gone"); };
      if (!syncs.sync("a", fails)) ++failures;
    });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  first_may_end.release();
  first.join();
  for (std::thread& other : others) other.join();
  EXPECT_EQ(failures, 8) << "whoever flushed, and whoever waited";
}

TEST(SharedSyncs, AFlushThatThrowsKeepsNobodyWaiting) {
  SharedSyncs syncs;
  const auto throws = []() -> Result<> { throw std::runtime_error("bug"); };
  EXPECT_FALSE(syncs.sync("a", throws));
  EXPECT_TRUE(syncs.sync("a", [] { return Result<>(); }));
}

}  // namespace
}  // namespace veredus::io
