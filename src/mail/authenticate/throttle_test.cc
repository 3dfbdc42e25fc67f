#include "mail/authenticate/throttle.h"

#include <string>

#include <gtest/gtest.h>

namespace veredus::authenticate {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const Secret kKey("sixteen octets!!");
constexpr SteadyTime kStart{hours(1000)};

IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }
IpAddress nth(std::uint32_t number) {
  return IpAddress::v4({10, static_cast<std::uint8_t>(number >> 16),
                        static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)});
}

class ThrottleTest : public testing::Test {
 protected:
  /// Whether the attempt was judged; it was wrong.
  bool guess(std::string_view account, const IpAddress& client) {
    if (!is_open(account, client)) return false;
    throttle.failed(account, client, now);
    return true;
  }
  bool is_open(std::string_view account, const IpAddress& client) const {
    return throttle.blocked_until(account, client, now) <= now;
  }
  Duration wait(std::string_view account, const IpAddress& client) const {
    return throttle.blocked_until(account, client, now) - now;
  }

  ThrottleConfig config;
  Throttle throttle{config, kKey};
  SteadyTime now = kStart;
};

TEST_F(ThrottleTest, TheFirstFailuresAreFreeThenDelaysDouble) {
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(guess("ann", ip("192.0.2.1")));
  for (const int expected : {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900}) {
    EXPECT_EQ(wait("ann", ip("192.0.2.1")), seconds(expected));
    EXPECT_EQ(wait("bob", ip("192.0.2.1")), seconds(expected)) << "whatever account is next";
    now += seconds(expected) - std::chrono::milliseconds(1);
    EXPECT_FALSE(guess("ann", ip("192.0.2.1")));
    now += std::chrono::milliseconds(1);
    EXPECT_TRUE(guess("ann", ip("192.0.2.1")));
  }
}

TEST_F(ThrottleTest, AThousandGuessesFromOneAddress) {
  int judged = 0;
  for (int i = 0; i < 1000; ++i, now += seconds(1))
    if (guess("account" + std::to_string(i), ip("192.0.2.1"))) ++judged;
  EXPECT_LE(judged, 16);
}

TEST_F(ThrottleTest, AThousandGuessesFromAThousandAddresses) {
  throttle.succeeded("ann", ip("192.0.2.1"), now);
  int judged = 0;
  for (std::uint32_t i = 0; i < 1000; ++i, now += seconds(1))
    if (guess("ann", nth(i))) ++judged;
  EXPECT_LE(judged, 16);
  EXPECT_FALSE(is_open("ann", ip("203.0.113.9")));
  EXPECT_TRUE(is_open("ann", ip("192.0.2.1"))) << "where she logged in before";
  EXPECT_TRUE(is_open("bob", ip("203.0.113.9"))) << "others are not concerned";
}

TEST_F(ThrottleTest, IPv6CountsByItsNetwork) {
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(guess("ann", ip("2001:db8::" + std::to_string(i + 1))));
  EXPECT_FALSE(is_open("bob", ip("2001:db8::ffff:1")));
  EXPECT_TRUE(is_open("bob", ip("2001:db8:0:1::1")));
}

TEST_F(ThrottleTest, ItsOwnAccountDoesNotClearAGuesser) {
  const IpAddress guesser = ip("192.0.2.1");
  int judged = 0;
  for (int i = 0; i < 100; ++i, now += seconds(1)) {
    throttle.succeeded("mallory", guesser, now);
    if (guess("ann", guesser)) ++judged;
  }
  EXPECT_LE(judged, 12);
  EXPECT_TRUE(is_open("mallory", guesser));
}

TEST_F(ThrottleTest, AKnownAddressIsCountedForItselfAlone) {
  const IpAddress home = ip("192.0.2.1");
  throttle.succeeded("ann", home, now);
  for (int i = 0; i < 20; ++i) throttle.failed("ann", home, now);
  EXPECT_EQ(wait("ann", home), seconds(60)) << "known_delay_max";
  EXPECT_TRUE(is_open("ben", home)) << "the household gets in";
  EXPECT_TRUE(is_open("ann", ip("203.0.113.9"))) << "so does she from elsewhere";
  throttle.succeeded("ann", home, now);
  EXPECT_TRUE(is_open("ann", home));
}

TEST_F(ThrottleTest, KnownAddressesAreForgottenInTheEndAndAreBounded) {
  for (std::uint32_t i = 0; i < 17; ++i, now += minutes(1)) throttle.succeeded("ann", nth(i), now);
  EXPECT_FALSE(throttle.is_known("ann", nth(0), now)) << "the oldest of 17";
  EXPECT_TRUE(throttle.is_known("ann", nth(1), now));
  now += hours(30 * 24);
  EXPECT_FALSE(throttle.is_known("ann", nth(1), now));
}

TEST_F(ThrottleTest, TheAccountIdleLongestGoesWhenThereAreTooMany) {
  config.known_accounts_max = 2;
  throttle.configure(config);
  for (const char* account : {"a", "b", "c"}) {
    throttle.succeeded(account, nth(1), now);
    now += minutes(1);
  }
  EXPECT_FALSE(throttle.is_known("a", nth(1), now));
  EXPECT_TRUE(throttle.is_known("b", nth(1), now));
  EXPECT_TRUE(throttle.is_known("c", nth(1), now));
}

TEST_F(ThrottleTest, FailuresAreForgivenOneByOne) {
  for (int i = 0; i < 5; ++i) guess("ann", ip("192.0.2.1"));
  now += minutes(31);
  EXPECT_TRUE(guess("ann", ip("192.0.2.1")));  // Four were left: now five again.
  EXPECT_EQ(wait("ann", ip("192.0.2.1")), seconds(1));
  now += hours(10);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(guess("ann", ip("192.0.2.1")));
}

TEST_F(ThrottleTest, NobodyBlockedIsPushedOutByNewKeys) {
  config.entries_max = 1000;
  throttle.configure(config);
  const IpAddress guesser = ip("192.0.2.1");
  for (int i = 0; i < 30; ++i, now += minutes(15)) guess("ann", guesser);
  now += minutes(1);
  const SteadyTime blocked = throttle.blocked_until("bob", guesser, now);
  ASSERT_GT(blocked, now - minutes(2));
  guess("ann", guesser);
  const SteadyTime until = throttle.blocked_until("bob", guesser, now);
  ASSERT_GT(until, now);
  for (std::uint32_t i = 0; i < 20'000; ++i)
    for (int twice = 0; twice < 2; ++twice)
      throttle.failed("name" + std::to_string(i), nth(i), now);
  EXPECT_LE(throttle.size(), 2000U);
  EXPECT_EQ(throttle.blocked_until("bob", guesser, now), until);
  EXPECT_FALSE(is_open("ann", ip("203.0.113.9"))) << "the account neither";
}

}  // namespace
}  // namespace veredus::authenticate
