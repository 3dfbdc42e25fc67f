#include "mail/deliver/host_memory.h"

#include <array>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace veredus::deliver {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration kPause = seconds(60);

io::Endpoint host(std::uint16_t port) {
  return io::Endpoint(IpAddress::parse("203.0.113.1").value(), port);
}
SteadyTime at(Duration since) { return SteadyTime(hours(10)) + since; }

class HostMemoryTest : public ::testing::Test {
 protected:
  void fail_at(Duration when) { memory_.failed(host(1), {"refused", false, at(when)}, kPause); }
  bool rests_at(Duration when) const { return memory_.resting(host(1), at(when)) != nullptr; }

  HostMemory memory_{3};
};

TEST_F(HostMemoryTest, AHostRestsUntilItsPauseIsOver) {
  EXPECT_FALSE(rests_at(seconds(0)));
  fail_at(seconds(0));
  EXPECT_TRUE(rests_at(seconds(59)));
  EXPECT_FALSE(rests_at(seconds(60)));
  EXPECT_EQ(memory_.resting(host(2), at(seconds(1))), nullptr) << "another host";
  EXPECT_EQ(memory_.resting(host(1), at(seconds(1)))->reason, "refused");
}

TEST_F(HostMemoryTest, APauseDoublesWithEachFailureInARowUpToAQuarterOfAnHour) {
  Duration now = seconds(0);
  for (const Duration want : {Duration(minutes(1)), Duration(minutes(2)), Duration(minutes(4)),
                              Duration(minutes(8)), Duration(minutes(15)), Duration(minutes(15))}) {
    fail_at(now);
    EXPECT_TRUE(rests_at(now + want - seconds(1)));
    now += want;
    EXPECT_FALSE(rests_at(now));
  }
}

TEST_F(HostMemoryTest, AttemptsThatFailTogetherAreOneFailure) {
  for (const int second : {0, 1, 2, 30}) fail_at(seconds(second));
  EXPECT_TRUE(rests_at(seconds(30 + 59)));
  EXPECT_FALSE(rests_at(seconds(30 + 60)));
}

TEST_F(HostMemoryTest, WhenThePauseIsOverOneAttemptProbes) {
  fail_at(seconds(0));
  EXPECT_FALSE(rests_at(seconds(61)));
  memory_.tried(host(1), at(seconds(61)));
  EXPECT_TRUE(rests_at(seconds(61))) << "for all others";
  EXPECT_EQ(memory_.resting(host(1), at(seconds(61)))->at, at(seconds(0)));
  EXPECT_FALSE(rests_at(seconds(61 + 60))) << "the probe has had its time";
}

TEST_F(HostMemoryTest, SuccessForgetsAllFailures) {
  fail_at(seconds(0));
  fail_at(seconds(60));
  memory_.succeeded(host(1), at(seconds(60)));
  EXPECT_FALSE(rests_at(seconds(61)));
  fail_at(seconds(62));
  EXPECT_FALSE(rests_at(seconds(62 + 60))) << "it begins with the first pause";
  memory_.succeeded(host(2), at(seconds(62)));
  EXPECT_EQ(memory_.size(), 1U);
  memory_.clear();
  EXPECT_EQ(memory_.size(), 0U);
}

TEST_F(HostMemoryTest, OpeningASessionIsASuccess) {
  fail_at(seconds(0));
  const HostMemory::Session session = memory_.opened(host(1), at(seconds(1)));
  EXPECT_FALSE(rests_at(seconds(2)));
}

TEST_F(HostMemoryTest, AHostWorksWhileASessionIsOpenThatHadSuccessOfLate) {
  memory_.succeeded(host(1), at(seconds(0)));
  EXPECT_FALSE(memory_.works(host(1), at(seconds(0)))) << "no session is open";
  HostMemory::Session one = memory_.opened(host(1), at(seconds(1)));
  HostMemory::Session two = memory_.opened(host(1), at(seconds(2)));
  EXPECT_TRUE(memory_.works(host(1), at(seconds(61))));
  EXPECT_FALSE(memory_.works(host(2), at(seconds(61)))) << "another host";
  EXPECT_FALSE(memory_.works(host(1), at(seconds(62))));
  memory_.succeeded(host(1), at(seconds(100)));
  memory_.clear();
  EXPECT_TRUE(memory_.works(host(1), at(seconds(159))));
  one.reset();
  EXPECT_TRUE(memory_.works(host(1), at(seconds(159))));
  two.reset();
  EXPECT_FALSE(memory_.works(host(1), at(seconds(100))));
}

TEST_F(HostMemoryTest, ASessionMayOutliveTheMemory) {
  std::optional<HostMemory> memory(std::in_place);
  HostMemory::Session session = memory->opened(host(1), at(seconds(1)));
  memory.reset();
  session.reset();
}

TEST_F(HostMemoryTest, AFailureLongAgoDoesNotCount) {
  fail_at(seconds(0));
  fail_at(seconds(60));
  fail_at(hours(2));
  EXPECT_FALSE(rests_at(hours(2) + seconds(60)));
}

TEST_F(HostMemoryTest, TheOldestFailureMakesRoom) {
  for (const std::uint16_t port : std::to_array<std::uint16_t>({1, 2, 3}))
    memory_.failed(host(port), {"refused", false, at(seconds(port))}, kPause);
  memory_.failed(host(1), {"refused again", false, at(seconds(4))}, kPause);
  memory_.failed(host(4), {"refused", false, at(seconds(5))}, kPause);
  EXPECT_EQ(memory_.size(), 3U);
  EXPECT_EQ(memory_.resting(host(2), at(seconds(6))), nullptr);
  for (const std::uint16_t port : std::to_array<std::uint16_t>({1, 3, 4}))
    EXPECT_NE(memory_.resting(host(port), at(seconds(6))), nullptr) << port;
}

}  // namespace
}  // namespace veredus::deliver
