#include "io/frame_memory.h"

#include <cstring>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/allocations_test_support.h"

namespace veredus::io {
namespace {

TEST(FrameMemory, OfAFrameGivenBackIsTakenAgain) {
  void* const frame = take_frame(500);
  std::memset(frame, 1, 500);
  give_frame(frame, 500);
  void* const again = take_frame(490);
  EXPECT_EQ(again, frame);
  std::memset(again, 2, 490);
  give_frame(again, 490);
}

TEST(FrameMemory, FramesOfOtherSizesAreOthers) {
  void* const large = take_frame(1000);
  give_frame(large, 1000);
  void* const small = take_frame(100);
  EXPECT_NE(small, large);
  give_frame(small, 100);
}

TEST(FrameMemory, CostsNoAllocationOnceItIsThere) {
  if (!allocations_are_counted()) GTEST_SKIP() << "nobody counts here";
  const auto nest = [] {
    std::array<void*, 8> frames{};
    for (std::size_t i = 0; i < frames.size(); ++i) frames[i] = take_frame((i + 1) * 100);
    for (std::size_t i = 0; i < frames.size(); ++i) give_frame(frames[i], (i + 1) * 100);
  };
  nest();
  const std::uint64_t before = allocations;
  nest();
  EXPECT_EQ(allocations, before);
}

TEST(FrameMemory, IsBounded) {
  if (!allocations_are_counted()) GTEST_SKIP() << "nobody counts here";
  constexpr std::size_t kFrames = 1000;  // A thousand of 1 KiB are more than is kept.
  std::vector<void*> frames(kFrames);
  for (void*& frame : frames) frame = take_frame(1024);
  for (void* const frame : frames) give_frame(frame, 1024);
  const std::uint64_t before = allocations;
  for (void*& frame : frames) frame = take_frame(1024);
  EXPECT_GE(allocations - before, kFrames - 256);
  for (void* const frame : frames) give_frame(frame, 1024);
}

TEST(FrameMemory, LargeFramesAndOtherThreadsAreServedToo) {
  void* large = nullptr;
  void* small = nullptr;
  std::thread([&] {
    large = take_frame(100'000);
    small = take_frame(100);
  }).join();
  std::memset(large, 1, 100'000);
  give_frame(large, 100'000);
  give_frame(small, 100);
}

}  // namespace
}  // namespace veredus::io
