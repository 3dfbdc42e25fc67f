#include "mail/route/hosts.h"

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/sim/test_support.h"
#include "io/sim/world.h"

namespace veredus::route {
namespace {

using sim::DnsFailure;
using testing::HasSubstr;
using testing::StartsWith;

class FindHosts : public testing::Test {
 protected:
  FindHosts() : world_(1) {
    search_.own_name = "mx.us.example";
    search_.own_endpoints = {sim::endpoint("192.0.2.1", 25)};
  }

  Result<std::vector<Host>> find(NextHop next_hop) {
    std::optional<Result<Hosts>> hosts;
    const io::System system = world_.system();
    auto task = find_hosts(std::move(next_hop), search_, system.resolver, world_.choices());
    world_.spawn("find", sim::keep(std::move(task), hosts));
    EXPECT_TRUE(world_.run_until([&] { return hosts.has_value(); }));
    if (!*hosts) return fail(hosts->error());
    unresolved_ = (*hosts)->unresolved;
    return std::move((*hosts)->list);
  }
  Result<std::vector<Host>> find_mx(std::string domain) {
    return find(MxDomain{std::move(domain)});
  }

  /// "name=address:port ..." in order; of an error "! " or, when it is temporary, "? " and its
  /// text.
  static std::string shown(const Result<std::vector<Host>>& hosts) {
    if (!hosts) return (hosts.error().is_transient() ? "? " : "! ") + hosts.error().text();
    std::string all;
    for (const Host& host : *hosts)
      all +=
          (all.empty() ? "" : " ") + host.name + "=" + io::Endpoint(host.address, host.port).text();
    return all;
  }
  std::string show_mx(std::string domain) { return shown(find_mx(std::move(domain))); }

  sim::DnsTable& dns() { return world_.dns(); }
  /// An MX record whose host has one address.
  void mx(std::string_view domain, std::uint16_t preference, std::string_view host,
          std::string_view address) {
    dns().mx(domain, preference, host);
    dns().address(host, address);
  }

  sim::World world_;
  HostSearch search_;
  std::optional<Unresolved> unresolved_;  // of the last find() that found something
};

TEST_F(FindHosts, TriesMxHostsInOrderOfPreference) {  // RFC 5321 §5.1
  mx("far.example", 30, "c.far.example", "192.0.2.30");
  mx("far.example", 10, "a.far.example", "192.0.2.10");
  mx("far.example", 20, "b.far.example", "192.0.2.20");
  dns().address("far.example", "192.0.2.99");
  EXPECT_EQ(show_mx("far.example"),
            "a.far.example=192.0.2.10:25 b.far.example=192.0.2.20:25 c.far.example=192.0.2.30:25");
}

TEST_F(FindHosts, ShufflesHostsOfEqualPreference) {  // RFC 5321 §5.1: it must
  for (const char* digit : {"1", "2", "3"})
    mx("far.example", 10, std::string("h") + digit + ".far.example",
       std::string("192.0.2.1") + digit);
  mx("far.example", 20, "last.far.example", "192.0.2.20");
  std::set<std::string> orders;
  for (int i = 0; i < 100; ++i) {
    const std::string order = show_mx("far.example");
    EXPECT_TRUE(order.ends_with(" last.far.example=192.0.2.20:25")) << order;
    orders.insert(order);
  }
  EXPECT_EQ(orders.size(), 6U) << "every order of three comes up";
}

TEST_F(FindHosts, FallsBackToTheAddressOfTheDomain) {  // RFC 5321 §5.1: the implicit MX
  dns().address("plain.example", "192.0.2.10");
  EXPECT_EQ(show_mx("plain.example"), "plain.example=192.0.2.10:25");

  dns().address("six.example", "2001:db8::1");
  EXPECT_EQ(show_mx("six.example"), "six.example=[2001:db8::1]:25");

  dns().txt("nothing.example", "v=spf1 -all");
  EXPECT_EQ(show_mx("nothing.example"), "! 5.4.4 No mail host of nothing.example has an address");
}

TEST_F(FindHosts, DoesNotFallBackWhenMxRecordsLeadNowhere) {  // RFC 5321 §5.1
  dns().mx("broken.example", 10, "gone.broken.example");
  dns().address("broken.example", "192.0.2.10");
  EXPECT_EQ(show_mx("broken.example"), "! 5.4.4 No mail host of broken.example has an address");
}

TEST_F(FindHosts, SkipsMxHostsWithoutAddress) {
  dns().mx("far.example", 10, "gone.far.example");
  mx("far.example", 20, "b.far.example", "192.0.2.20");
  EXPECT_EQ(show_mx("far.example"), "b.far.example=192.0.2.20:25");
}

TEST_F(FindHosts, RefusesNullMx) {  // RFC 7505 §3
  dns().mx("nomail.example", 0, ".");
  dns().address("nomail.example", "192.0.2.10");
  EXPECT_EQ(show_mx("nomail.example"),
            "! 5.1.10 Domain nomail.example accepts no mail (null MX, RFC 7505)");
}

TEST_F(FindHosts, TakesTheRootForNoHostBesideOthers) {  // RFC 7505 §3: then it is no null MX
  dns().mx("mixed.example", 0, ".");
  mx("mixed.example", 10, "a.mixed.example", "192.0.2.10");
  EXPECT_EQ(show_mx("mixed.example"), "a.mixed.example=192.0.2.10:25");

  dns().mx("roots.example", 0, ".");
  dns().mx("roots.example", 10, ".");
  EXPECT_EQ(show_mx("roots.example"), "! 5.4.4 No MX record of roots.example names a host");
}

TEST_F(FindHosts, RefusesADomainThatDoesNotExist) {
  EXPECT_EQ(show_mx("gone.example"), "! 5.1.2 Domain gone.example does not exist");
}

TEST_F(FindHosts, RefusesWhatCannotBeInTheDns) {
  EXPECT_THAT(show_mx(std::string(64, 'a') + ".example"), StartsWith("! 5.1.2 "));
}

class OurselvesInTheList : public FindHosts {};

TEST_F(OurselvesInTheList, CutsItAtOurName) {  // RFC 5321 §5.1
  mx("backup.example", 10, "a.backup.example", "192.0.2.10");
  mx("backup.example", 20, "MX.us.example", "203.0.113.1");
  mx("backup.example", 20, "peer.backup.example", "192.0.2.20");
  mx("backup.example", 30, "c.backup.example", "192.0.2.30");
  for (int i = 0; i < 20; ++i)  // Wherever chance puts our peer of the same preference.
    EXPECT_EQ(show_mx("backup.example"), "a.backup.example=192.0.2.10:25");
}

TEST_F(OurselvesInTheList, CutsItAtOurAddress) {
  mx("backup.example", 10, "a.backup.example", "192.0.2.10");
  mx("backup.example", 20, "other-name.backup.example", "192.0.2.1");
  mx("backup.example", 20, "peer.backup.example", "192.0.2.20");
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(show_mx("backup.example"), "a.backup.example=192.0.2.10:25");
}

TEST_F(OurselvesInTheList, IsOnlyWhoListensAtThatPort) {
  mx("near.example", 10, "a.near.example", "192.0.2.1");
  search_.mx_port = 2525;
  EXPECT_EQ(show_mx("near.example"), "a.near.example=192.0.2.1:2525");
}

TEST_F(OurselvesInTheList, RefusesToSendToOurselves) {
  mx("loop.example", 10, "mx.us.example", "203.0.113.1");
  mx("loop.example", 20, "b.loop.example", "192.0.2.20");
  EXPECT_THAT(show_mx("loop.example"),
              StartsWith("! 5.4.6 Mail for loop.example loops back to us"));
}

TEST_F(OurselvesInTheList, IsTheBestEvenWhenOurPeerCannotBeResolved) {
  mx("loop.example", 10, "us-too.loop.example", "192.0.2.1");
  dns().mx("loop.example", 10, "peer.loop.example");
  dns().fail("peer.loop.example", DnsFailure::servfail);
  for (int i = 0; i < 20; ++i) EXPECT_THAT(show_mx("loop.example"), StartsWith("! 5.4.6 "));
}

TEST_F(FindHosts, FollowsAliasesOfTheDomain) {  // RFC 5321 §5.1
  dns().cname("alias.example", "real.example");
  mx("real.example", 10, "a.real.example", "192.0.2.10");
  EXPECT_EQ(show_mx("alias.example"), "a.real.example=192.0.2.10:25");

  dns().cname("alias2.example", "plain.example");
  dns().address("plain.example", "192.0.2.20");
  EXPECT_EQ(show_mx("alias2.example"), "alias2.example=192.0.2.20:25");

  dns().cname("dangling.example", "gone.example");
  EXPECT_EQ(show_mx("dangling.example"), "! 5.1.2 Domain dangling.example does not exist");
}

// RFC 2181 §10.3 forbids it, and many do it.
TEST_F(FindHosts, FollowsAliasesOfMxHosts) {
  dns().mx("far.example", 10, "alias.far.example");
  dns().cname("alias.far.example", "a.far.example");
  dns().address("a.far.example", "192.0.2.10");
  EXPECT_EQ(show_mx("far.example"), "alias.far.example=192.0.2.10:25");
}

TEST_F(FindHosts, WaitsOutAliasesThatLeadInACircle) {
  dns().cname("loop.example", "loop.example");
  EXPECT_THAT(show_mx("loop.example"), StartsWith("? 4.4.3 too many aliases"));
}

TEST_F(FindHosts, TellsTemporaryFailureFromPermanent) {
  mx("far.example", 10, "a.far.example", "192.0.2.10");
  dns().fail("far.example", DnsFailure::servfail, 1);
  EXPECT_EQ(show_mx("far.example"), "? 4.4.3 SERVFAIL when asking for MX of far.example");
  dns().fail("far.example", DnsFailure::timeout, 1);
  EXPECT_THAT(show_mx("far.example"), StartsWith("? 4.4.3 no name server answered"));
  dns().fail("far.example", DnsFailure::nxdomain, 1);
  EXPECT_EQ(show_mx("far.example"), "! 5.1.2 Domain far.example does not exist");
  EXPECT_EQ(show_mx("far.example"), "a.far.example=192.0.2.10:25");
}

TEST_F(FindHosts, GoesOnWithTheHostsItCanResolve) {
  dns().mx("far.example", 10, "a.far.example");
  mx("far.example", 20, "b.far.example", "192.0.2.20");
  dns().fail("a.far.example", DnsFailure::servfail);
  EXPECT_EQ(show_mx("far.example"), "b.far.example=192.0.2.20:25");
  ASSERT_TRUE(unresolved_);
  EXPECT_EQ(unresolved_->host, "a.far.example");
  EXPECT_THAT(unresolved_->why, StartsWith("4.4.3 SERVFAIL when asking for"));
}

TEST_F(FindHosts, SaysOfNoHostThatItFailedWhenAllWereFound) {
  mx("far.example", 10, "a.far.example", "192.0.2.10");
  EXPECT_EQ(show_mx("far.example"), "a.far.example=192.0.2.10:25");
  EXPECT_FALSE(unresolved_);
}

TEST_F(FindHosts, WaitsForAHostThatCannotBeResolvedWhenThereIsNoOther) {
  dns().mx("far.example", 10, "a.far.example");
  dns().mx("far.example", 20, "gone.far.example");
  dns().fail("a.far.example", DnsFailure::servfail);
  EXPECT_THAT(show_mx("far.example"), StartsWith("? 4.4.3 SERVFAIL when asking for AAAA of a.far"));
}

TEST_F(FindHosts, WaitsForBadRecordsToBeMended) {
  dns().add("bad.example", dns::Type::mx, "x");
  EXPECT_THAT(show_mx("bad.example"), StartsWith("? 4.4.3 Bad MX records of bad.example"));

  dns().mx("bad-address.example", 10, "a.bad-address.example");
  dns().add("a.bad-address.example", dns::Type::a, "xy");
  EXPECT_THAT(show_mx("bad-address.example"), StartsWith("? 4.4.3 "));
}

TEST_F(FindHosts, AlternatesIpv6AndIpv4) {
  dns().mx("dual.example", 10, "a.dual.example");
  for (const char* address : {"192.0.2.10", "192.0.2.11", "192.0.2.12", "2001:db8::10"})
    dns().address("a.dual.example", address);
  EXPECT_EQ(show_mx("dual.example"),
            "a.dual.example=[2001:db8::10]:25 a.dual.example=192.0.2.10:25 "
            "a.dual.example=192.0.2.11:25 a.dual.example=192.0.2.12:25");
}

TEST_F(FindHosts, LeavesIpv6OutWhenItIsOff) {
  search_.ipv6 = false;
  dns().address("dual.example", "192.0.2.10");
  dns().address("dual.example", "2001:db8::10");
  EXPECT_EQ(show_mx("dual.example"), "dual.example=192.0.2.10:25");

  dns().address("six.example", "2001:db8::1");
  EXPECT_EQ(show_mx("six.example"),
            "! 5.4.4 No mail host of six.example has an IPv4 address, and IPv6 is off");
}

// Some name servers answer A and fail on AAAA, or the other way round.
TEST_F(FindHosts, TakesOneKindOfAddressWhenTheOtherFails) {
  dns().address("four.example", "192.0.2.10");
  dns().add("four.example", dns::Type::aaaa, "short");
  EXPECT_EQ(show_mx("four.example"), "four.example=192.0.2.10:25");

  dns().address("six.example", "2001:db8::1");
  dns().add("six.example", dns::Type::a, "x");
  EXPECT_EQ(show_mx("six.example"), "six.example=[2001:db8::1]:25");
}

TEST_F(FindHosts, DoesNotTakeAFailureForNoAddress) {
  dns().mx("six.example", 10, "a.six.example");
  dns().address("a.six.example", "2001:db8::1");
  dns().fail("a.six.example", DnsFailure::servfail, 1);  // AAAA fails, A has no data.
  EXPECT_THAT(show_mx("six.example"), StartsWith("? 4.4.3 "));
  EXPECT_EQ(show_mx("six.example"), "a.six.example=[2001:db8::1]:25");
}

TEST_F(FindHosts, BoundsAddressesAndLookUps) {
  search_.hosts_max = 3;
  for (int i = 10; i < 20; ++i) dns().address("many.example", "192.0.2." + std::to_string(i));
  EXPECT_EQ(find_mx("many.example")->size(), 3U);

  for (std::uint16_t i = 0; i < 100; ++i)
    dns().mx("endless.example", i, "h" + std::to_string(i) + ".endless.example");
  const std::uint64_t before = dns().lookups();
  EXPECT_THAT(show_mx("endless.example"), StartsWith("! 5.4.4 "));
  EXPECT_LE(dns().lookups() - before, 1 + 2 * search_.hosts_max);
}

TEST_F(FindHosts, IsSecureOnlyWhenEveryAnswerWas) {
  mx("signed.example", 10, "a.signed.example", "192.0.2.10");
  mx("signed.example", 20, "b.plain.example", "192.0.2.20");
  dns().sign("signed.example");
  const auto hosts = find_mx("signed.example");
  ASSERT_TRUE(hosts);
  ASSERT_EQ(hosts->size(), 2U);
  EXPECT_TRUE((*hosts)[0].secure);
  EXPECT_FALSE((*hosts)[1].secure) << "the host's zone is not signed";

  mx("plain.example", 10, "c.signed.example", "192.0.2.30");
  EXPECT_FALSE(find_mx("plain.example")->at(0).secure) << "anybody could have forged the MX";
}

TEST_F(FindHosts, SendsToAddressLiterals) {  // RFC 5321 §4.1.3
  const std::uint64_t before = dns().lookups();
  EXPECT_EQ(show_mx("[198.51.100.7]"), "[198.51.100.7]=198.51.100.7:25");
  EXPECT_EQ(show_mx("[IPv6:2001:db8::7]"), "[IPv6:2001:db8::7]=[2001:db8::7]:25");
  EXPECT_EQ(dns().lookups(), before);
  EXPECT_EQ(show_mx("[x25:31102]"), "! 5.1.2 No way to deliver to [x25:31102]");
}

class ConfiguredHost : public FindHosts {};

TEST_F(ConfiguredHost, HasNoMxLookUp) {
  mx("relay.example", 10, "a.relay.example", "192.0.2.10");
  dns().address("relay.example", "192.0.2.20");
  dns().address("relay.example", "2001:db8::20");
  EXPECT_EQ(shown(find(SmtpHost{"relay.example", 587})),
            "relay.example=[2001:db8::20]:587 relay.example=192.0.2.20:587");
}

TEST_F(ConfiguredHost, MayBeAnAddress) {
  const std::uint64_t before = dns().lookups();
  EXPECT_EQ(shown(find(SmtpHost{"192.0.2.20", 2525})), "192.0.2.20=192.0.2.20:2525");
  EXPECT_EQ(shown(find(SmtpHost{"2001:db8::20", 25})), "2001:db8::20=[2001:db8::20]:25");
  EXPECT_EQ(dns().lookups(), before);
}

// A slip of the postmaster's, or of the one who runs the name server, must not bounce all mail.
TEST_F(ConfiguredHost, NeverFailsForGood) {
  EXPECT_EQ(shown(find(SmtpHost{"gone.example", 25})),
            "? 4.4.4 Host gone.example of the configured route has no address");
  EXPECT_THAT(shown(find(SmtpHost{std::string(64, 'a'), 25})), StartsWith("? 4.4.3 "));
  dns().fail("gone.example", DnsFailure::timeout);
  EXPECT_THAT(shown(find(SmtpHost{"gone.example", 25})), StartsWith("? 4.4.3 "));
}

/// From configuration to hosts, as deliver does it.
class RoutedHosts : public FindHosts {
 protected:
  std::string show(const RouteConfig& config, std::string_view recipient) {
    const auto router = Router::make(config);
    if (!router) return router.error().text();
    const auto next_hop = router->next_hop(*smtp::Address::parse(recipient));
    if (!next_hop) return next_hop.error().text();
    // Through the destination's name: the queue knows nothing else of it.
    const auto destination = parse_destination(destination_name(*next_hop));
    return destination ? shown(find(*destination)) : destination.error().text();
  }
};

TEST_F(RoutedHosts, SmartHostAndStaticRoutesComeBeforeMx) {
  mx("far.example", 10, "a.far.example", "192.0.2.10");
  mx("direct.example", 10, "b.direct.example", "192.0.2.11");
  dns().address("smart.example", "192.0.2.20");
  dns().address("inside.example", "192.0.2.30");
  RouteConfig config;
  config.hostname = "mx.us.example";
  EXPECT_EQ(show(config, "a@far.example"), "a.far.example=192.0.2.10:25");

  config.smart_host = "smart.example:587";
  config.routes = {{"*.dept.example", "inside.example:2525"},
                   {"direct.example", "mx"},
                   {"six.example", "[2001:db8::1]:26"}};
  EXPECT_EQ(show(config, "a@far.example"), "smart.example=192.0.2.20:587");
  EXPECT_EQ(show(config, "a@x.dept.example"), "inside.example=192.0.2.30:2525");
  EXPECT_EQ(show(config, "a@direct.example"), "b.direct.example=192.0.2.11:25");
  EXPECT_EQ(show(config, "a@six.example"), "2001:db8::1=[2001:db8::1]:26");
  EXPECT_EQ(show(config, "a@[198.51.100.7]"), "smart.example=192.0.2.20:587");
}

TEST_F(FindHosts, HasNothingToLookUpForMailboxes) {
  EXPECT_THAT(shown(find(LocalMailbox{"example.test/you"})), HasSubstr("no hosts"));
}

}  // namespace
}  // namespace veredus::route
