#include "base/ip.h"

#include <gtest/gtest.h>

namespace veredus {
namespace {

TEST(IpAddress, ParsesAndShowsTheShortestForm) {
  EXPECT_EQ(IpAddress::parse("192.0.2.1")->text(), "192.0.2.1");
  EXPECT_EQ(IpAddress::parse("2001:0DB8:0:0:0:0:0:1")->text(), "2001:db8::1");
  EXPECT_FALSE(IpAddress::parse("192.0.2.256"));
  EXPECT_FALSE(IpAddress::parse("[::1]"));
  EXPECT_FALSE(IpAddress::parse(""));
}

TEST(IpAddress, MappedIpv4IsIpv4) {
  EXPECT_EQ(*IpAddress::parse("::ffff:192.0.2.1"), *IpAddress::parse("192.0.2.1"));
}

TEST(IpAddress, ReverseName) {
  EXPECT_EQ(IpAddress::parse("192.0.2.1")->reverse_name(), "1.2.0.192.in-addr.arpa");
  EXPECT_EQ(IpAddress::parse("::1")->reverse_name(),
            "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa");
}

TEST(IpNetwork, ContainsWhatSharesThePrefix) {
  const auto network = IpNetwork::parse("10.128.0.0/9");
  ASSERT_TRUE(network);
  EXPECT_TRUE(network->contains(*IpAddress::parse("10.255.0.1")));
  EXPECT_FALSE(network->contains(*IpAddress::parse("10.127.255.255")));
  EXPECT_FALSE(network->contains(*IpAddress::parse("2001:db8::1")));
  EXPECT_TRUE(IpNetwork::parse("0.0.0.0/0")->contains(*IpAddress::parse("203.0.113.7")));
  EXPECT_TRUE(IpNetwork::parse("::1")->contains(*IpAddress::parse("::1")));
}

TEST(IpNetwork, RefusesWhatIsProbablyAMistake) {
  EXPECT_FALSE(IpNetwork::parse("10.0.0.1/8"));
  EXPECT_FALSE(IpNetwork::parse("10.0.0.0/33"));
  EXPECT_FALSE(IpNetwork::parse("10.0.0.0/"));
}

}  // namespace
}  // namespace veredus
