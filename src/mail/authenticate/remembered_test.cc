#include "mail/authenticate/remembered.h"

#include <string>

#include <gtest/gtest.h>

namespace veredus::authenticate {
namespace {

constexpr SteadyTime kStart{std::chrono::hours(1)};
const Secret kKey(std::string(32, 'k'));

TEST(RememberedLogins, UntilTheirTimeAndForThatPasswordAlone) {
  RememberedLogins remembered(kKey);
  const auto tag = remembered.tag_of("ann", "hash", Secret("password"));
  remembered.add(tag, kStart + std::chrono::minutes(5), 10);
  EXPECT_TRUE(remembered.contains(tag, kStart));
  EXPECT_FALSE(remembered.contains(tag, kStart + std::chrono::minutes(5)));
  for (const auto& other :
       {remembered.tag_of("ann", "hash", Secret("passwore")),
        remembered.tag_of("ann", "other hash", Secret("password")),
        remembered.tag_of("bob", "hash", Secret("password")),
        remembered.tag_of("annh", "ash", Secret("password")),
        RememberedLogins(Secret(std::string(32, 'l'))).tag_of("ann", "hash", Secret("password"))})
    EXPECT_FALSE(remembered.contains(other, kStart));
}

TEST(RememberedLogins, OnlyTheLatestStay) {
  RememberedLogins remembered(kKey);
  const auto tag = [&](int i) { return remembered.tag_of(std::to_string(i), "", Secret("x")); };
  for (int i = 0; i < 100; ++i) {
    remembered.add(tag(i), kStart, 10);
    remembered.add(tag(i), kStart + std::chrono::minutes(1), 10);
  }
  EXPECT_EQ(remembered.size(), 10U);
  EXPECT_TRUE(remembered.contains(tag(99), kStart));
  EXPECT_TRUE(remembered.contains(tag(90), kStart));
  EXPECT_FALSE(remembered.contains(tag(89), kStart));
}

}  // namespace
}  // namespace veredus::authenticate
