#include "main/send/latency.h"

#include <chrono>
#include <limits>

#include <gtest/gtest.h>

namespace veredus::send {
namespace {

using std::chrono::microseconds;

TEST(Latency, IsNothingWithoutTimes) {
  EXPECT_EQ(Latency().percentile(0.99), microseconds(0));
  EXPECT_EQ(Latency().longest(), microseconds(0));
  EXPECT_EQ(Latency().mean().count(), 0);
}

TEST(Latency, IsWithinOnePercentAndNeverTooShort) {
  Latency latency;
  for (int time = 1; time <= 100'000; ++time) latency.add(microseconds(time));
  for (const double share : {0.01, 0.5, 0.9, 0.99, 1.0}) {
    const double exact = share * 100'000;
    const auto got = static_cast<double>(latency.percentile(share).count());
    EXPECT_GE(got, exact);
    EXPECT_LE(got, exact * 1.008);
  }
  EXPECT_EQ(latency.longest(), microseconds(100'000));
  EXPECT_EQ(latency.count(), 100'000U);
}

TEST(Latency, OfTwoIsThatOfAllTheirTimes) {
  Latency all;
  Latency odd;
  Latency even;
  for (int time = 1; time <= 1000; ++time) {
    all.add(microseconds(time));
    (time % 2 == 0 ? even : odd).add(microseconds(time));
  }
  odd.add(even);
  EXPECT_EQ(odd.count(), 1000U);
  EXPECT_DOUBLE_EQ(odd.mean().count(), 500.5);
  EXPECT_EQ(odd.longest(), microseconds(1000));
  for (const double share : {0.1, 0.5, 0.999})
    EXPECT_EQ(odd.percentile(share), all.percentile(share));
}

TEST(Latency, IsExactForShortTimesAndTakesAnyLength) {
  Latency latency;
  for (const int time : {0, 1, 2, 255, 256}) latency.add(microseconds(time));
  EXPECT_EQ(latency.percentile(0.2), microseconds(0));
  EXPECT_EQ(latency.percentile(0.6), microseconds(2));
  EXPECT_EQ(latency.percentile(0.8), microseconds(255));
  latency.add(microseconds(std::numeric_limits<microseconds::rep>::max()));
  latency.add(microseconds(-1));  // A clock that stepped back.
  EXPECT_EQ(latency.percentile(1), latency.longest());
}

}  // namespace
}  // namespace veredus::send
