#include "io/sim/resolver.h"

#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "io/sim/test_support.h"
#include "io/sim/world.h"

namespace veredus::sim {
namespace {

using Status = dns::Answer::Status;

class Resolver : public testing::Test {
 protected:
  Resolver() : world_(1) {
    DnsTable& dns = world_.dns();
    dns.mx("Example.org", 10, "mx1.example.org");
    dns.mx("example.org", 20, "mx2.example.org");
    dns.mx("nomail.example", 0, ".");
    dns.address("mx1.example.org", "192.0.2.10");
    dns.address("mx1.example.org", "2001:db8::10");
    dns.txt("example.org", "v=spf1 -all");
    dns.cname("alias.example.org", "www.signed.example");
    dns.address("www.signed.example", "192.0.2.80");
    dns.cname("loop.example", "loop.example");
    dns.ptr("192.0.2.10", "mx1.example.org");
    dns.sign("signed.example");
  }

  Result<dns::Answer> lookup(std::string name, dns::Type type) {
    std::optional<Result<dns::Answer>> answer;
    world_.spawn("lookup", keep<Result<dns::Answer>>(
                               world_.system().resolver.lookup(std::move(name), type), answer));
    EXPECT_TRUE(world_.run_until([&] { return answer.has_value(); }));
    return *answer;
  }

  World world_;
};

TEST_F(Resolver, AnswersFromTheTable) {
  const auto answer = lookup("EXAMPLE.org", dns::Type::mx);
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->status, Status::found);
  EXPECT_EQ(answer->canonical_name, "example.org");
  EXPECT_EQ(dns::mx_records(*answer).value(),
            (std::vector<dns::Mx>{{10, "mx1.example.org"}, {20, "mx2.example.org"}}));
  EXPECT_TRUE(
      dns::is_null_mx(dns::mx_records(lookup("nomail.example", dns::Type::mx).value()).value()));
  EXPECT_EQ(dns::ptr_records(lookup("10.2.0.192.in-addr.arpa", dns::Type::ptr).value()).value(),
            (std::vector<std::string>{"mx1.example.org"}));
  EXPECT_EQ(lookup("mx1.example.org", dns::Type::aaaa)->rdata.size(), 1U);
}

TEST_F(Resolver, TellsNoDataFromNoDomain) {
  EXPECT_EQ(lookup("mx1.example.org", dns::Type::mx)->status, Status::no_data);
  EXPECT_EQ(lookup("org", dns::Type::mx)->status, Status::no_data) << "empty, but it exists";
  EXPECT_EQ(lookup("nowhere.example.org", dns::Type::mx)->status, Status::no_domain);
}

TEST_F(Resolver, FollowsAliasesAndCountsThem) {
  const auto answer = lookup("alias.example.org", dns::Type::a);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->canonical_name, "www.signed.example");
  EXPECT_FALSE(answer->secure) << "the alias itself is not signed";
  EXPECT_TRUE(lookup("www.signed.example", dns::Type::a)->secure);
  EXPECT_TRUE(lookup("missing.signed.example", dns::Type::a)->secure);
  EXPECT_EQ(lookup("loop.example", dns::Type::a).error().fault(), Fault::unavailable);
}

TEST_F(Resolver, RefusesWhatIsNoName) {
  EXPECT_EQ(lookup("a..b", dns::Type::a).error().fault(), Fault::malformed);
}

TEST_F(Resolver, FailsByPlanAndHeals) {
  DnsTable& dns = world_.dns();
  dns.fail("example.org", DnsFailure::servfail, 1);
  EXPECT_EQ(lookup("example.org", dns::Type::mx).error().text(),
            "SERVFAIL when asking for MX of example.org");
  EXPECT_TRUE(lookup("example.org", dns::Type::mx));

  dns.fail("example.org", DnsFailure::timeout);
  const SteadyTime start = world_.time().now();
  EXPECT_EQ(lookup("example.org", dns::Type::mx).error().fault(), Fault::unavailable);
  EXPECT_GE(world_.time().now() - start, std::chrono::seconds(10));
  dns.heal("example.org");

  dns.fail("example.org", DnsFailure::nxdomain, 1);
  EXPECT_EQ(lookup("example.org", dns::Type::mx)->status, Status::no_domain);
  EXPECT_EQ(lookup("example.org", dns::Type::mx)->status, Status::found);
}

TEST_F(Resolver, FailsAtRandomAsOftenAsAsked) {
  DnsFaults faults;
  faults.servfail = 0.5;
  world_.dns().set_faults(faults);
  int failed = 0;
  for (int i = 0; i < 200; ++i) failed += lookup("example.org", dns::Type::mx) ? 0 : 1;
  EXPECT_NEAR(failed, 100, 30);
}

}  // namespace
}  // namespace veredus::sim
