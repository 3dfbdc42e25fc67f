#include "mail/accept/client_limits.h"

#include <vector>

#include <gtest/gtest.h>

namespace veredus::accept {
namespace {

using Seat = ClientLimits::Seat;

io::Endpoint from(const char* text) { return *io::Endpoint::parse(text); }

AcceptConfig config(std::uint32_t sessions, std::uint32_t per_client) {
  AcceptConfig config;
  config.sessions_max = sessions;
  config.sessions_per_client_max = per_client;
  return config;
}

TEST(ClientLimits, OneClientHasItsOwnLimitWhateverItsPort) {
  ClientLimits limits;
  const AcceptConfig two = config(100, 2);
  const auto first = limits.enter(from("203.0.113.9:1"), two, false);
  auto second = limits.enter(from("203.0.113.9:2"), two, false);
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(limits.enter(from("203.0.113.9:3"), two, false));
  EXPECT_TRUE(limits.enter(from("203.0.113.10:1"), two, false));
  EXPECT_EQ(limits.total(), 2U) << "the last one has left again";
  second.reset();
  EXPECT_TRUE(limits.enter(from("203.0.113.9:3"), two, false));
}

TEST(ClientLimits, TrustedClientsAreExemptFromTheirOwnLimitAlone) {
  ClientLimits limits;
  const AcceptConfig config = accept::config(3, 1);
  std::vector<Seat> seats;
  for (int i = 0; i < 3; ++i) {
    auto seat = limits.enter(from("192.0.2.9:1"), config, true);
    ASSERT_TRUE(seat);
    seats.push_back(std::move(*seat));
  }
  EXPECT_FALSE(limits.enter(from("192.0.2.9:1"), config, true));
  EXPECT_FALSE(limits.enter(from("203.0.113.1:1"), config, false)) << "full";
  seats.clear();
  EXPECT_EQ(limits.total(), 0U);
}

TEST(ClientLimits, AnIpv6NetworkOf64BitsIsOneClient) {
  ClientLimits limits;
  const AcceptConfig one = config(100, 1);
  const auto seat = limits.enter(from("[2001:db8:0:1::1]:1"), one, false);
  EXPECT_TRUE(seat);
  EXPECT_FALSE(limits.enter(from("[2001:db8:0:1:ffff::2]:1"), one, false));
  EXPECT_TRUE(limits.enter(from("[2001:db8:0:2::1]:1"), one, false));
}

TEST(ClientLimits, UnixSocketsAreCountedLikeAnyClient) {
  ClientLimits limits;
  const auto seat = limits.enter(io::Endpoint::unix_socket("/run/x"), config(1, 1), true);
  EXPECT_TRUE(seat);
  EXPECT_FALSE(limits.enter(io::Endpoint::unix_socket("/run/x"), config(1, 1), true));
}

}  // namespace
}  // namespace veredus::accept
