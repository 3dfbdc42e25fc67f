#include "mail/queue/message_age.h"

#include <chrono>

#include <gtest/gtest.h>

namespace veredus::queue {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

/// Both clocks, of which one may be set.
class MessageAgeTest : public testing::Test {
 protected:
  void pass(Duration duration) {
    now_ += duration;
    wall_ += duration;
  }
  void jump(Duration by) { wall_ += by; }
  hours age(WallTime received_at) {
    age_.observe(now_, wall_);
    return std::chrono::round<hours>(age_.of(received_at));
  }

  SteadyTime now_{hours(24)};
  WallTime wall_{hours(24 * 365 * 50)};
  MessageAge age_{now_, wall_};
};

TEST_F(MessageAgeTest, AJumpIsNoTime) {
  const WallTime received = wall_;
  pass(hours(1));
  jump(hours(24 * 300));
  EXPECT_EQ(age(received), hours(1));
  pass(hours(1));
  jump(-hours(24 * 600));
  EXPECT_EQ(age(received), hours(2));
}

TEST_F(MessageAgeTest, MailThatCameAfterAJumpHasItsOwnAge) {
  for (const Duration by : {hours(24 * 300), -hours(24 * 300)}) {
    jump(by);
    pass(minutes(1));  // Nobody looks in the meantime.
    const WallTime unseen = wall_;
    pass(hours(2));
    EXPECT_EQ(age(unseen), hours(2));
    const WallTime received = wall_;
    pass(hours(3));
    EXPECT_EQ(age(received), hours(3));
  }
}

TEST_F(MessageAgeTest, AJumpThatIsUndoneIsForgotten) {
  const WallTime received = wall_;
  jump(hours(24 * 300));
  pass(hours(1));
  age_.observe(now_, wall_);
  const WallTime ahead = wall_;
  pass(hours(1));
  jump(-hours(24 * 300));
  pass(hours(1));
  EXPECT_EQ(age(ahead), hours(2));
  EXPECT_EQ(age(wall_ - minutes(30)), hours(0));
  // Before the first jump it was this time too; the later one is believed.
  EXPECT_LE(age(received), hours(3));
}

TEST_F(MessageAgeTest, SmallCorrectionsAreTime) {
  const WallTime received = wall_;
  pass(seconds(60));
  EXPECT_EQ(age_.observe(now_, wall_ + minutes(4)), seconds(0));
  EXPECT_EQ(age_.of(received), minutes(5));
}

}  // namespace
}  // namespace veredus::queue
