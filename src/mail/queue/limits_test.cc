#include "mail/queue/limits.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace veredus::queue {
namespace {

struct PatternCase {
  const char* name;
  const char* pattern;
  std::string_view host;
  bool want;
};
class Pattern : public testing::TestWithParam<PatternCase> {};

TEST_P(Pattern, Matches) {
  const PatternCase& c = GetParam();
  ASSERT_TRUE(NamePatterns::check({c.pattern}));
  EXPECT_EQ(NamePatterns({c.pattern}).match(c.host), c.want);
}

INSTANTIATE_TEST_SUITE_P(
    All, Pattern,
    testing::Values(PatternCase{"Exact", "example.org", "example.org", true},
                    PatternCase{"AnyCase", "Example.ORG", "example.org", true},
                    PatternCase{"NotBelow", "example.org", "a.example.org", false},
                    PatternCase{"Below", "*.example.org", "a.example.org", true},
                    PatternCase{"FarBelow", "*.example.org", "a.b.example.org", true},
                    PatternCase{"NotItself", "*.example.org", "example.org", false},
                    PatternCase{"NotLonger", "*.example.org", "badexample.org", false},
                    PatternCase{"All", "*", "example.org", true},
                    PatternCase{"Idn",
                                "*.b\xC3\xBC"
                                "cher.example",
                                "a.xn--bcher-kva.example", true},
                    PatternCase{"Address", "2001:DB8::1", "2001:db8::1", true}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(NamePatterns, RefusesWhatIsNone) {
  for (const char* bad : {"", "*.", "a*.example", "*.*.example", "example.org.", "a b"})
    EXPECT_FALSE(NamePatterns::check({"example.org", bad})) << bad;
}

TEST(HostOf, IsWhatADestinationsNameNames) {
  EXPECT_EQ(host_of("mx:example.org"), "example.org");
  EXPECT_EQ(host_of("smtp:relay.example.org:587"), "relay.example.org");
  EXPECT_EQ(host_of("smtp:[2001:db8::1]:25"), "2001:db8::1");
  EXPECT_EQ(host_of("lmtp:192.0.2.1:24"), "192.0.2.1");
  EXPECT_EQ(host_of("lmtp:[::1]:24"), "::1");
  EXPECT_EQ(host_of("lmtp:unix:/run/lmtp:24"), "");
  EXPECT_EQ(host_of("local"), "");
}

struct FindCase {
  const char* name;
  std::string_view destination;
  std::vector<std::string> hosts;
  std::string want;  ///< Index; "" for none; "?" while hosts are needed.
  std::string without_hosts;
};
class Find : public testing::TestWithParam<FindCase> {
 protected:
  static std::string text(const LimitTable::Finding& found) {
    if (found.needs_hosts) return "?";
    return found.limit ? std::to_string(*found.limit) : "";
  }
};

TEST_P(Find, TheFirstThatMatches) {
  Limit first;
  first.domains = {"first.example"};
  Limit hosted;
  hosted.mx = {"*.hoster.example"};
  Limit rest;
  rest.domains = {"*.example"};
  const LimitTable table({first, hosted, rest});
  const FindCase& c = GetParam();
  EXPECT_EQ(text(table.find(c.destination, &c.hosts)), c.want);
  EXPECT_EQ(text(table.find(c.destination)), c.without_hosts);
}

INSTANTIATE_TEST_SUITE_P(
    All, Find,
    testing::Values(FindCase{"ByDomain", "mx:first.example", {"mx.hoster.example"}, "0", "0"},
                    FindCase{"ByHost", "mx:a.example", {"mx.hoster.example"}, "1", "?"},
                    FindCase{"ByAnyHost", "mx:a.org", {"own.a.org", "mx.hoster.example"}, "1", "?"},
                    FindCase{"AfterHosts", "mx:a.example", {"mx.a.example"}, "2", "?"},
                    FindCase{"None", "mx:a.org", {"mx.a.org"}, "", "?"},
                    FindCase{"NextHopIsItsHost", "smtp:mx.hoster.example:25", {}, "1", "1"},
                    FindCase{"NextHopByDomain", "smtp:relay.example:587", {}, "2", "2"},
                    FindCase{"LmtpElsewhere", "lmtp:10.0.0.1:24", {}, "", ""},
                    FindCase{"Local", "local", {}, "", ""}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Checked, NamesEveryLimitItRejects) {
  QueueConfig config;
  config.limits.resize(4);
  config.limits[0].name = "good";
  config.limits[0].domains = {"*"};
  config.limits[0].workers_max = 5;
  EXPECT_TRUE(checked({.limits = {config.limits[0]}}));
  config.limits[1].name = "good";
  config.limits[1].mx = {"**"};
  config.limits[1].messages_per_minute = 0;
  config.limits[2].name = "empty";
  config.limits[3].workers_max = 0;
  const auto refused = checked(config);
  ASSERT_FALSE(refused);
  for (const char* want :
       {"limit good: mx: expected a domain", "limit good: messages_per_minute: must be 1",
        "limit good: is there twice", "limit empty: needs domains or mx",
        "limit empty: needs workers_max or", "limit: every one needs a name",
        "workers_max: must be at least 1"})
    EXPECT_THAT(refused.error().text(), testing::HasSubstr(want));
}

TEST(Checked, BoundsWorkers) {
  EXPECT_FALSE(checked({.workers_start = 0}));
  EXPECT_FALSE(checked({.workers_per_source_max = 70'000}));
  EXPECT_FALSE(checked({.sources = 0}));
  EXPECT_EQ((QueueConfig{.workers_per_source_max = 100, .sources = 3}.workers_in_all()), 300U);
  EXPECT_EQ((QueueConfig{.workers_per_source_max = 100, .sources = 9}.workers_in_all()), 500U);
  EXPECT_EQ((QueueConfig{.workers_max = 7}.workers_in_all()), 7U);
}

}  // namespace
}  // namespace veredus::queue
