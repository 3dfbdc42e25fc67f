#include "mail/queue/token_bucket.h"

#include <chrono>
#include <cstdint>
#include <random>

#include <gtest/gtest.h>

namespace veredus::queue {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr SteadyTime kStart{std::chrono::hours(1)};

TEST(TokenBucket, AFewAMinuteComeOneByOne) {
  TokenBucket bucket(6, kStart);
  EXPECT_EQ(bucket.burst(), 1U);
  EXPECT_EQ(bucket.level(kStart), 1U);
  bucket.take(kStart);
  EXPECT_EQ(bucket.level(kStart + seconds(9)), 0U);
  EXPECT_EQ(bucket.time_of(1), kStart + seconds(10));
  EXPECT_EQ(bucket.level(kStart + seconds(10)), 1U);
  EXPECT_EQ(bucket.level(kStart + seconds(1000)), 1U) << "never more than the burst";
}

TEST(TokenBucket, ManyAMinuteHaveASecondsWorthAtOnce) {
  TokenBucket bucket(600, kStart);
  EXPECT_EQ(bucket.burst(), 10U);
  for (int i = 0; i < 10; ++i) bucket.take(kStart + seconds(100));
  EXPECT_EQ(bucket.level(kStart + seconds(100)), 0U);
  EXPECT_FALSE(bucket.is_full(kStart + milliseconds(100'999)));
  EXPECT_TRUE(bucket.is_full(kStart + seconds(101)));
}

class Rate : public testing::TestWithParam<std::uint32_t> {};

TEST_P(Rate, IsNeverExceeded) {
  TokenBucket bucket(GetParam(), kStart);
  std::mt19937_64 random(GetParam());
  std::int64_t taken = 0;
  for (SteadyTime now = kStart; now < kStart + seconds(600); now += milliseconds(random() % 100)) {
    for (; bucket.level(now) > 0; ++taken) bucket.take(now);
    const double share = std::chrono::duration<double>(now - kStart).count() * GetParam() / 60;
    ASSERT_LE(static_cast<double>(taken), share + bucket.burst() + 1e-6);
  }
}

TEST_P(Rate, IsReachedByWhoComesInTime) {
  TokenBucket bucket(GetParam(), kStart);
  std::int64_t taken = 0;
  for (SteadyTime now = kStart; now < kStart + seconds(600); now = bucket.time_of(1), ++taken) {
    ASSERT_GT(bucket.level(now), 0U);
    bucket.take(now);
  }
  EXPECT_NEAR(static_cast<double>(taken), GetParam() * 10 + bucket.burst(), 1);
}

INSTANTIATE_TEST_SUITE_P(EachMinute, Rate, testing::Values(1, 7, 59, 60, 61, 600, 9999, 30'000));

}  // namespace
}  // namespace veredus::queue
