#include "mail/queue/backoff.h"

#include <gtest/gtest.h>

#include "mail/queue/config.h"

namespace veredus::queue {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

TEST(Backoff, GrowsFromTheFirstPauseToTheLast) {
  QueueConfig config;
  config.retry_jitter = 0;
  EXPECT_EQ(retry_delay(1, patience_for(false, config), config, 0.5), minutes(1));
  EXPECT_EQ(retry_delay(2, patience_for(false, config), config, 0.5), minutes(2));
  EXPECT_EQ(retry_delay(8, patience_for(false, config), config, 0.5), minutes(128));
  EXPECT_EQ(retry_delay(9, patience_for(false, config), config, 0.5), hours(4));
  EXPECT_EQ(retry_delay(4'000'000'000, patience_for(false, config), config, 0.5), hours(4));
}

TEST(Backoff, ChanceMovesItWithinTheJitter) {
  const QueueConfig config;
  EXPECT_EQ(retry_delay(1, patience_for(false, config), config, 0), std::chrono::seconds(48));
  EXPECT_EQ(retry_delay(1, patience_for(false, config), config, 0.5), minutes(1));
  EXPECT_LT(retry_delay(1, patience_for(false, config), config, 0.999), std::chrono::seconds(72));
  EXPECT_GT(retry_delay(1, patience_for(false, config), config, 0.999), std::chrono::seconds(71));
}

TEST(Config, DefaultsAreInRange) { EXPECT_TRUE(checked(QueueConfig())); }

TEST(Config, NamesEveryKeyItRejects) {
  QueueConfig config;
  config.retry_factor = 0.5;
  config.workers_per_destination_max = 501;
  config.expire = std::chrono::seconds(0);
  const auto got = checked(config);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().text(),
            "queue.expire: must be 1 hour to 365 days\n"
            "queue.retry_max: must be 1 second to queue.expire\n"
            "queue.retry_factor: must be 1 to 10\n"
            "queue.workers_per_destination_max: must be 1 to queue.workers_max");
}

TEST(Config, NotANumberIsRejected) {
  QueueConfig config;
  config.retry_factor = std::nan("");
  config.retry_jitter = std::nan("");
  EXPECT_FALSE(checked(config));
}

}  // namespace
}  // namespace veredus::queue
