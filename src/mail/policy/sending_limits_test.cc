#include "mail/policy/sending_limits.h"

#include <gtest/gtest.h>

namespace veredus::policy {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr SteadyTime kStart{hours(1000)};
constexpr SendingAllowance kSmall{.per_hour = 10, .per_day = 30};

TEST(SendingLimits, AnHourAndADayAreCounted) {
  SendingLimits limits;
  EXPECT_TRUE(limits.charge("a", 10, kSmall, kStart).allowed);
  const auto more = limits.charge("a", 1, kSmall, kStart + minutes(20));
  EXPECT_FALSE(more.allowed);
  EXPECT_EQ(more.limit, 10U);
  EXPECT_EQ(more.sent, 10U);
  EXPECT_EQ(more.window, hours(1));
  EXPECT_EQ(more.wait, minutes(40));
  EXPECT_TRUE(limits.charge("b", 10, kSmall, kStart + minutes(20)).allowed) << "each its own";
  EXPECT_TRUE(limits.charge("a", 10, kSmall, kStart + hours(1)).allowed);
  EXPECT_TRUE(limits.charge("a", 10, kSmall, kStart + hours(2)).allowed);
  const auto day = limits.charge("a", 1, kSmall, kStart + hours(3));
  EXPECT_FALSE(day.allowed);
  EXPECT_EQ(day.window, hours(24));
  EXPECT_EQ(day.wait, hours(21));
  EXPECT_TRUE(limits.charge("a", 10, kSmall, kStart + hours(24)).allowed);
}

TEST(SendingLimits, WhatIsRefusedDoesNotCount) {
  SendingLimits limits;
  EXPECT_FALSE(limits.charge("a", 11, kSmall, kStart).allowed);
  EXPECT_TRUE(limits.charge("a", 10, kSmall, kStart).allowed);
}

TEST(SendingLimits, WhatWasNotSentAfterAllDoesNotCount) {
  SendingLimits limits;
  EXPECT_TRUE(limits.charge("a", 10, kSmall, kStart).allowed);
  limits.refund("a", 4);
  limits.refund("b", 4);
  EXPECT_FALSE(limits.charge("a", 5, kSmall, kStart).allowed);
  EXPECT_TRUE(limits.charge("a", 4, kSmall, kStart).allowed);
}

TEST(SendingLimits, ZeroIsNoLimit) {
  SendingLimits limits;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(limits.charge("a", 1'000'000, {}, kStart).allowed);
}

TEST(SendingLimits, AJumpIsToldOnceAnHour) {
  SendingLimits limits;
  for (int hour = 0; hour < 10; ++hour)
    EXPECT_FALSE(limits.charge("a", 20, {}, kStart + hours(hour)).jumped);
  const SteadyTime now = kStart + hours(10);
  EXPECT_FALSE(limits.charge("a", 150, {}, now).jumped) << "more, but not ten times";
  const auto jump = limits.charge("a", 100, {}, now + minutes(1));
  EXPECT_TRUE(jump.jumped);
  EXPECT_EQ(jump.this_hour, 250U);
  EXPECT_FALSE(limits.charge("a", 500, {}, now + minutes(2)).jumped);
  EXPECT_TRUE(limits.charge("new", 100, {}, now).jumped) << "one that never sent before";
}

TEST(SendingLimits, WhoIsIdleForADayIsForgotten) {
  SendingLimits limits;
  for (int i = 0; i < 100; ++i) limits.charge("a" + std::to_string(i), 1, {}, kStart);
  EXPECT_EQ(limits.size(), 100U);
  limits.charge("b", 1, {}, kStart + hours(25));
  EXPECT_EQ(limits.size(), 1U);
}

}  // namespace
}  // namespace veredus::policy
