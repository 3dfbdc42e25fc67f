#include "mail/policy/relay.h"

#include <gtest/gtest.h>

namespace veredus::policy {
namespace {

struct PartyCase {
  const char* name;
  const char* client;
  Party party;
};
class Parties : public testing::TestWithParam<PartyCase> {};

TEST_P(Parties, AreToldByTheirAddress) {
  RelayConfig config;
  for (const char* network : {"127.0.0.0/8", "::1", "2001:db8:1::/48"})
    config.networks.push_back(*IpNetwork::parse(network));
  const auto client = io::Endpoint::parse(GetParam().client);
  ASSERT_TRUE(client);
  EXPECT_EQ(RelayRule(config).party(*client, false), GetParam().party);
  EXPECT_EQ(RelayRule(config).party(*client, true), Party::account);
}

INSTANTIATE_TEST_SUITE_P(
    Clients, Parties,
    testing::Values(PartyCase{"loopback", "127.0.0.1:4000", Party::trusted},
                    PartyCase{"loopback_v6", "[::1]:4000", Party::trusted},
                    PartyCase{"trusted_v6_network", "[2001:db8:1::5]:4000", Party::trusted},
                    PartyCase{"unix_socket", "unix:/run/x", Party::trusted},
                    PartyCase{"stranger", "192.0.2.1:4000", Party::stranger},
                    PartyCase{"stranger_v6", "[2001:db8:2::1]:4000", Party::stranger}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Relay, MappedIpv4IsTheIpv4Client) {
  const RelayRule rule{RelayConfig{{*IpNetwork::parse("127.0.0.0/8")}}};
  EXPECT_TRUE(rule.is_trusted(io::Endpoint(*IpAddress::parse("::ffff:127.0.0.1"), 4000)));
}

TEST(Relay, NobodyIsTrustedWithoutNetworks) {
  EXPECT_FALSE(RelayRule{RelayConfig{}}.is_trusted(*io::Endpoint::parse("127.0.0.1:1")));
}

struct Row {
  const char* name;
  Service service;
  Party party;
  Ruling ours;
  Ruling relay;
  Ruling others;
};
class RelayTable : public testing::TestWithParam<Row> {};

TEST_P(RelayTable, CellByCell) {
  const Row& row = GetParam();
  EXPECT_EQ(rule(row.service, row.party, Destination::ours), row.ours);
  EXPECT_EQ(rule(row.service, row.party, Destination::relay), row.relay);
  EXPECT_EQ(rule(row.service, row.party, Destination::others), row.others);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, RelayTable,
    testing::Values(Row{"smtp_stranger", Service::smtp, Party::stranger, Ruling::accept,
                        Ruling::accept, Ruling::deny},
                    Row{"smtp_trusted", Service::smtp, Party::trusted, Ruling::accept,
                        Ruling::accept, Ruling::accept},
                    Row{"smtp_account", Service::smtp, Party::account, Ruling::accept,
                        Ruling::accept, Ruling::accept},
                    Row{"submission_stranger", Service::submission, Party::stranger,
                        Ruling::authenticate, Ruling::authenticate, Ruling::authenticate},
                    Row{"submission_trusted", Service::submission, Party::trusted,
                        Ruling::authenticate, Ruling::authenticate, Ruling::authenticate},
                    Row{"submission_account", Service::submission, Party::account, Ruling::accept,
                        Ruling::accept, Ruling::accept}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace veredus::policy
