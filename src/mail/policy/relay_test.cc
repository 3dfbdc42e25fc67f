#include "mail/policy/relay.h"

#include <gtest/gtest.h>

namespace veredus::policy {
namespace {

struct RelayCase {
  const char* name;
  const char* client;
  bool ours;
  bool relay;
  bool others;
};
class Relay : public testing::TestWithParam<RelayCase> {};

TEST_P(Relay, TableCellByCell) {
  const RelayCase& c = GetParam();
  RelayConfig config;
  for (const char* network : {"127.0.0.0/8", "::1", "2001:db8:1::/48"})
    config.networks.push_back(*IpNetwork::parse(network));
  const RelayRule rule(config);
  const auto client = io::Endpoint::parse(c.client);
  ASSERT_TRUE(client);
  EXPECT_EQ(rule.may_send(*client, Destination::ours), c.ours);
  EXPECT_EQ(rule.may_send(*client, Destination::relay), c.relay);
  EXPECT_EQ(rule.may_send(*client, Destination::others), c.others);
}

INSTANTIATE_TEST_SUITE_P(
    Clients, Relay,
    testing::Values(RelayCase{"loopback", "127.0.0.1:4000", true, true, true},
                    RelayCase{"loopback_v6", "[::1]:4000", true, true, true},
                    RelayCase{"trusted_v6_network", "[2001:db8:1::5]:4000", true, true, true},
                    RelayCase{"unix_socket", "unix:/run/x", true, true, true},
                    RelayCase{"stranger", "192.0.2.1:4000", true, true, false},
                    RelayCase{"stranger_v6", "[2001:db8:2::1]:4000", true, true, false}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Relay, MappedIpv4IsTheIpv4Client) {
  const RelayRule rule{RelayConfig{{*IpNetwork::parse("127.0.0.0/8")}}};
  const io::Endpoint client(*IpAddress::parse("::ffff:127.0.0.1"), 4000);
  EXPECT_TRUE(rule.may_send(client, Destination::others));
}

TEST(Relay, NobodyIsTrustedWithoutNetworks) {
  const RelayRule rule{RelayConfig{}};
  EXPECT_FALSE(rule.may_send(*io::Endpoint::parse("127.0.0.1:1"), Destination::others));
}

}  // namespace
}  // namespace veredus::policy
