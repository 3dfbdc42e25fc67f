#include "mail/route/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace veredus::route {
namespace {

using testing::HasSubstr;

RouteConfig config() {
  RouteConfig config;
  config.hostname = "mx.example.test";
  config.own_addresses = {*IpAddress::parse("192.0.2.25")};
  DomainConfig first;
  first.name = "Example.TEST";
  first.mailboxes = {"you", "Other", "plus+fixed"};
  first.aliases = {{"sales", {"you", "boss@remote.example"}},
                   {"all", {"sales", "other"}},
                   {"other", {"other", "copy@remote.example"}},
                   {"info", {"you@second.test"}}};
  DomainConfig second;
  second.name = "second.test";
  second.mailboxes = {"me"};
  second.catch_all = "me";
  second.subaddress = "-";
  DomainConfig lmtp;
  lmtp.name = "lmtp.test";
  lmtp.deliver = "lmtp://127.0.0.1:2424";
  config.domains = {first, second, lmtp};
  config.relay_domains = {"backup.example", "*.inner.example"};
  config.routes = {{"static.example", "10.0.0.1:2525"},
                   {"*.example.net", "relay.example.net"},
                   {"direct.example.net", "mx"},
                   {"socket.example", "lmtp:///run/lmtp"}};
  return config;
}

std::string expanded(const Router& router, std::string_view text) {
  const auto addresses = router.expand(*smtp::Address::parse(text));
  if (!addresses) return "!" + addresses.error().text();
  std::string all;
  for (const auto& address : *addresses) all += (all.empty() ? "" : " ") + address.text();
  return all;
}

std::string next(const Router& router, std::string_view text) {
  const auto hop = router.next_hop(*smtp::Address::parse(text));
  if (!hop) return "!" + hop.error().text();
  if (const auto* mailbox = std::get_if<LocalMailbox>(&*hop)) return "local " + mailbox->path;
  return destination_name(*hop);
}

struct Case {
  const char* name;
  const char* address;
  const char* want;
};
std::string case_name(const testing::TestParamInfo<Case>& test) { return test.param.name; }

class Expand : public testing::TestWithParam<Case> {};
TEST_P(Expand, FollowsAliases) {
  const auto router = Router::make(config());
  ASSERT_TRUE(router) << router.error().text();
  EXPECT_EQ(expanded(*router, GetParam().address), GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(
    All, Expand,
    testing::Values(
        Case{"mailbox", "you@example.test", "you@example.test"},
        Case{"case_is_kept", "YOU@EXAMPLE.test", "YOU@example.test"},
        Case{"detail_is_kept", "you+list@example.test", "you+list@example.test"},
        Case{"alias", "sales@example.test", "you@example.test boss@remote.example"},
        Case{"alias_with_detail", "Sales+x@example.test", "you@example.test boss@remote.example"},
        Case{"alias_in_alias", "all@example.test",
             "you@example.test boss@remote.example other@example.test copy@remote.example"},
        Case{"keeps_own_copy", "other@example.test", "other@example.test copy@remote.example"},
        Case{"across_domains", "info@example.test", "me@second.test"},
        Case{"catch_all", "anything@second.test", "me@second.test"},
        Case{"unknown", "nobody@example.test", "!No such mailbox here: <nobody@example.test>"},
        Case{"postmaster", "PostMaster@example.test", "other@example.test copy@remote.example"},
        Case{"lmtp_takes_all", "x@lmtp.test", "x@lmtp.test"},
        Case{"own_literal", "you@[192.0.2.25]", "you@example.test"},
        Case{"remote", "a@remote.example", "a@remote.example"}),
    case_name);

class Next : public testing::TestWithParam<Case> {};
TEST_P(Next, PicksTheNextHop) {
  const auto router = Router::make(config());
  ASSERT_TRUE(router) << router.error().text();
  EXPECT_EQ(next(*router, GetParam().address), GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(
    All, Next,
    testing::Values(Case{"mailbox", "you@example.test", "local example.test/you"},
                    Case{"detail", "Other+x@example.test", "local example.test/other"},
                    Case{"name_with_separator", "plus+fixed@example.test",
                         "local example.test/plus+fixed"},
                    Case{"other_separator", "me-x@second.test", "local second.test/me"},
                    Case{"gone", "gone@example.test", "!No such mailbox here: <gone@example.test>"},
                    Case{"lmtp", "x@lmtp.test", "lmtp:127.0.0.1:2424"},
                    Case{"mx", "a@remote.example", "mx:remote.example"},
                    Case{"literal", "a@[198.51.100.7]", "mx:[198.51.100.7]"},
                    Case{"static_route", "a@static.example", "smtp:10.0.0.1:2525"},
                    Case{"below_pattern", "a@x.y.example.net", "smtp:relay.example.net:25"},
                    Case{"pattern_is_not_itself", "a@example.net", "mx:example.net"},
                    Case{"exact_wins", "a@direct.example.net", "mx:direct.example.net"},
                    Case{"lmtp_route", "a@socket.example", "lmtp:unix:/run/lmtp"}),
    case_name);

TEST(Router, SmartHostTakesTheRest) {
  RouteConfig with_smart_host = config();
  with_smart_host.smart_host = "[2001:db8::1]:587";
  const auto router = Router::make(with_smart_host);
  ASSERT_TRUE(router);
  EXPECT_EQ(next(*router, "a@remote.example"), "smtp:[2001:db8::1]:587");
  EXPECT_EQ(next(*router, "a@direct.example.net"), "mx:direct.example.net");
  EXPECT_EQ(next(*router, "you@example.test"), "local example.test/you");
}

TEST(Router, KnowsWhatIsOurs) {
  const auto router = Router::make(config());
  ASSERT_TRUE(router);
  EXPECT_TRUE(router->is_local(*smtp::Address::parse("x@example.test")));
  EXPECT_FALSE(router->is_local(*smtp::Address::parse("x@[192.0.2.26]")));
  EXPECT_TRUE(router->is_relay_domain(*smtp::Address::parse("x@backup.example")));
  EXPECT_TRUE(router->is_relay_domain(*smtp::Address::parse("x@a.inner.example")));
  EXPECT_FALSE(router->is_relay_domain(*smtp::Address::parse("x@inner.example")));
  EXPECT_EQ(router->postmaster().text(), "postmaster@example.test");
}

TEST(Router, KnowsWhatReachesAMailbox) {
  RouteConfig config;
  config.hostname = "mx.example.test";
  DomainConfig domain;
  domain.name = "example.test";
  domain.mailboxes = {"ann", "bob"};
  domain.aliases = {{"sales", {"ann", "bob"}}, {"boss", {"sales"}}, {"only", {"bob"}}};
  DomainConfig caught;
  caught.name = "caught.test";
  caught.mailboxes = {"postmaster"};
  caught.catch_all = "ann@example.test";
  config.domains = {domain, caught};
  const auto router = Router::make(config);
  ASSERT_TRUE(router) << router.error().text();
  const auto ann = *smtp::Address::parse("ann@example.test");
  for (const char* own : {"ann@example.test", "Ann@EXAMPLE.test", "ann+list@example.test",
                          "sales@example.test", "boss@example.test", "any@caught.test"})
    EXPECT_TRUE(router->reaches(*smtp::Address::parse(own), ann)) << own;
  for (const char* other : {"bob@example.test", "only@example.test", "nobody@example.test",
                            "ann@elsewhere.test", "annette@example.test"})
    EXPECT_FALSE(router->reaches(*smtp::Address::parse(other), ann)) << other;
}

TEST(Router, SaysHowToConnect) {
  RouteConfig config;
  config.hostname = "mx.example.test";
  config.smart_host = "relay.example:465";
  config.smart_host_hop = {.user = "me", .password = "secret"};
  config.routes = {{"bank.example", "mx", {.tls = TlsUse::verify}},
                   {"*.old.example", "box.example:2525", {.tls = TlsUse::none}}};
  const auto router = Router::make(config);
  ASSERT_TRUE(router) << router.error().text();
  EXPECT_EQ(router->security(MxDomain{"bank.example"}), (HopSecurity{.tls = TlsUse::verify}));
  EXPECT_EQ(router->security(MxDomain{"other.example"}), HopSecurity{});
  EXPECT_EQ(router->security(SmtpHost{"box.example", 2525}), (HopSecurity{.tls = TlsUse::none}));
  EXPECT_EQ(
      router->security(SmtpHost{"relay.example", 465}),
      (HopSecurity{.tls = TlsUse::verify, .at_once = true, .user = "me", .password = "secret"}));
  EXPECT_EQ(router->security(SmtpHost{"rerouted.example", 25}), HopSecurity{});
  EXPECT_EQ(router->security(Lmtp{io::Endpoint::unix_socket("/run/lmtp")}).tls, TlsUse::none);
}

TEST(Router, RefusesPasswordsInTheClearAndTwoMindsAboutAHost) {
  const auto complaint = [](StaticRoute route) {
    RouteConfig config;
    config.hostname = "mx.example.test";
    config.smart_host = "relay.example:587";
    config.routes = {std::move(route)};
    const auto router = Router::make(config);
    return router ? "" : router.error().text();
  };
  EXPECT_EQ(complaint({"a.example", "relay.example:587", {}}), "");
  EXPECT_THAT(complaint({"a.example", "relay.example:587", {.tls = TlsUse::verify}}),
              HasSubstr("has another tls"));
  EXPECT_THAT(complaint({"a.example", "b.example", {.tls = TlsUse::opportunistic, .user = "me"}}),
              HasSubstr("only under TLS"));
  EXPECT_THAT(complaint({"a.example", "mx", {.user = "me"}}),
              HasSubstr("MX hosts want no password"));
}

TEST(Router, TellsAllThatIsWrongAtOnce) {
  RouteConfig bad;
  bad.hostname = "mx.example.test";
  DomainConfig domain;
  domain.name = "example.test";
  domain.mailboxes = {"../etc", "you", "YOU"};
  domain.aliases = {{"bad", {"not an address@"}}};
  domain.deliver = "pipe:/bin/sh";
  bad.domains = {domain, domain};
  bad.routes = {{"a..b", "host"}, {"ok.example", "host:0"}};
  const auto router = Router::make(bad);
  ASSERT_FALSE(router);
  for (const char* part :
       {"not a mailbox name: ../etc", "named twice: YOU", "aliases.bad", "deliver",
        "domain example.test: named twice", "route a..b", "not a port: 0"})
    EXPECT_THAT(router.error().text(), HasSubstr(part));
}

TEST(Router, RefusesAliasLoops) {
  RouteConfig bad;
  bad.hostname = "mx.example.test";
  DomainConfig domain;
  domain.name = "example.test";
  domain.mailboxes = {"you"};
  domain.aliases = {{"a", {"b"}}, {"b", {"c"}}, {"c", {"a"}}, {"nowhere", {"missing"}}};
  bad.domains = {domain};
  const auto router = Router::make(bad);
  ASSERT_FALSE(router);
  EXPECT_THAT(router.error().text(), HasSubstr("leads back to itself"));
  EXPECT_THAT(router.error().text(), HasSubstr("No such mailbox here: <missing@example.test>"));
}

TEST(Router, BoundsExpansion) {
  RouteConfig wide;
  wide.hostname = "mx.example.test";
  wide.expansions_max = 3;
  DomainConfig domain;
  domain.name = "example.test";
  domain.mailboxes = {"you"};
  domain.aliases = {{"many", {"a@x.example", "b@x.example", "c@x.example", "d@x.example"}}};
  wide.domains = {domain};
  EXPECT_FALSE(Router::make(wide));
}

TEST(Router, ADomainMayHaveNobodyYet) {
  RouteConfig config;
  config.hostname = "mx.example.test";
  config.domains.resize(2);
  config.domains[0].name = "first.test";
  config.domains[1].name = "second.test";
  const auto expand = [&config](std::string_view address) {
    const auto router = Router::make(config);
    EXPECT_TRUE(router);
    const auto found = router->expand(*smtp::Address::parse(address));
    return found ? found->front().text() : found.error().text();
  };
  EXPECT_EQ(expand("ann@second.test"), "No such mailbox here: <ann@second.test>");
  EXPECT_EQ(expand("postmaster@second.test"), "Nobody reads mail for <postmaster@first.test> yet");
  config.domains.front().mailboxes = {"ann"};
  EXPECT_EQ(expand("postmaster@second.test"), "ann@first.test") << "of the first domain";
}

TEST(Destination, NamesReadBack) {
  for (const char* name : {"local", "mx:example.org", "mx:[192.0.2.1]", "smtp:relay.example:587",
                           "smtp:[2001:db8::1]:25", "smtp:192.0.2.1:2525", "lmtp:127.0.0.1:24",
                           "lmtp:unix:/run/lmtp"}) {
    const auto hop = parse_destination(name);
    ASSERT_TRUE(hop) << name;
    EXPECT_EQ(destination_name(*hop), name);
  }
  EXPECT_FALSE(parse_destination("nonsense"));
}

}  // namespace
}  // namespace veredus::route
