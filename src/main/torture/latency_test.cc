#include "main/torture/latency.h"

#include <chrono>
#include <limits>

#include <gtest/gtest.h>

namespace veredus::torture {
namespace {

using std::chrono::microseconds;

TEST(Latency, IsNothingWithoutTimes) {
  EXPECT_EQ(Latency().percentile(0.99), microseconds(0));
  EXPECT_EQ(Latency().longest(), microseconds(0));
}

TEST(Latency, IsWithinThreePercentAndNeverTooShort) {
  Latency latency;
  for (int time = 1; time <= 100'000; ++time) latency.add(microseconds(time));
  for (const double share : {0.01, 0.5, 0.9, 0.99, 1.0}) {
    const double exact = share * 100'000;
    const auto got = static_cast<double>(latency.percentile(share).count());
    EXPECT_GE(got, exact);
    EXPECT_LE(got, exact * 1.032);
  }
  EXPECT_EQ(latency.longest(), microseconds(100'000));
  EXPECT_EQ(latency.count(), 100'000U);
}

TEST(Latency, IsExactForShortTimesAndTakesAnyLength) {
  Latency latency;
  for (const int time : {0, 1, 2, 63, 64}) latency.add(microseconds(time));
  EXPECT_EQ(latency.percentile(0.2), microseconds(0));
  EXPECT_EQ(latency.percentile(0.6), microseconds(2));
  EXPECT_EQ(latency.percentile(0.8), microseconds(63));
  latency.add(microseconds(std::numeric_limits<microseconds::rep>::max()));
  latency.add(microseconds(-1));  // A clock that stepped back.
  EXPECT_EQ(latency.percentile(1), latency.longest());
}

}  // namespace
}  // namespace veredus::torture
