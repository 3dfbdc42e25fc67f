#include "mail/deliver/source_pool.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace veredus::deliver {
namespace {

IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }

const IpAddress kPeer = ip("203.0.113.1");

class SourcePoolTest : public ::testing::Test {
 protected:
  std::shared_ptr<SourcePool> pool_ = std::make_shared<SourcePool>(
      std::vector{ip("192.0.2.7"), ip("192.0.2.8"), ip("2001:db8::7"), ip("192.0.2.9")});
};

TEST_F(SourcePoolTest, SharesConnectionsEvenlyWithinAFamily) {
  std::vector<SourcePool::Lease> leases;
  for (int i = 0; i < 30; ++i) leases.push_back(SourcePool::take(pool_, kPeer).value());
  for (const char* source : {"192.0.2.7", "192.0.2.8", "192.0.2.9"})
    EXPECT_EQ(pool_->connections(ip(source)), 10U) << source;
  EXPECT_EQ(SourcePool::take(pool_, ip("2001:db8::1"))->address(), ip("2001:db8::7"));
}

TEST_F(SourcePoolTest, TakesTheOneThatAConnectionGaveBack) {
  std::vector<SourcePool::Lease> leases;
  for (int i = 0; i < 9; ++i) leases.push_back(SourcePool::take(pool_, kPeer).value());
  const IpAddress freed = leases[4].address();
  leases.erase(leases.begin() + 4);
  EXPECT_EQ(pool_->connections(freed), 2U);
  EXPECT_EQ(SourcePool::take(pool_, kPeer)->address(), freed);
}

TEST_F(SourcePoolTest, TakesTurnsAmongEquals) {
  std::vector<IpAddress> seen;
  for (int i = 0; i < 4; ++i) seen.push_back(SourcePool::take(pool_, kPeer)->address());
  EXPECT_GT(std::set<IpAddress>(seen.begin(), seen.end()).size(), 1U);
}

TEST_F(SourcePoolTest, LeavesTheChoiceToTheSystemWithoutAnAddressOfTheFamily) {
  const auto four = std::make_shared<SourcePool>(std::vector{ip("192.0.2.7")});
  EXPECT_FALSE(SourcePool::take(four, ip("2001:db8::1")));
  EXPECT_FALSE(SourcePool::take(std::make_shared<SourcePool>(std::vector<IpAddress>()), kPeer));
}

TEST_F(SourcePoolTest, ALeaseOutlivesThePoolsOwner) {
  const auto lease = SourcePool::take(pool_, kPeer);
  pool_.reset();
  EXPECT_TRUE(lease->address().is_v4());
}

}  // namespace
}  // namespace veredus::deliver
