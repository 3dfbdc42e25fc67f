// What an account may call itself.

#include "mail/accept/users.h"

#include <gtest/gtest.h>

namespace veredus::accept {
namespace {

route::Router make_router() {
  route::DomainConfig domain;
  domain.name = "example.org";
  domain.mailboxes = {"ann", "bob"};
  domain.subaddress = "+";
  domain.aliases = {{"sales", {"ann", "bob"}}, {"boss", {"bob"}}, {"all", {"sales"}}};
  route::DomainConfig caught;
  caught.name = "caught.org";
  caught.mailboxes = {"postmaster"};
  caught.catch_all = "ann@example.org";
  route::RouteConfig config;
  config.hostname = "mx.example.org";
  config.domains = {std::move(domain), std::move(caught)};
  auto router = route::Router::make(config);
  EXPECT_TRUE(router) << router.error().text();
  return std::move(*router);
}

struct SenderCase {
  const char* name;
  const char* sender;
  bool may;
};
void PrintTo(const SenderCase& c, std::ostream* out) { *out << c.sender; }

class MaySendAs : public testing::TestWithParam<SenderCase> {};

TEST_P(MaySendAs, WhoseMailItGetsOrWhoPermits) {
  static const route::Router router = make_router();
  directory::Account ann;
  ann.address = "ann@example.org";
  ann.send_as = {"press@far.example", "@friends.example"};
  const auto sender = smtp::Address::parse(GetParam().sender);
  ASSERT_TRUE(sender) << sender.error().text();
  EXPECT_EQ(may_send_as(ann, *sender, router), GetParam().may);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc6409Section6, MaySendAs,
    testing::Values(SenderCase{"itself", "ann@example.org", true},
                    SenderCase{"other_case", "ANN@Example.Org", true},
                    SenderCase{"subaddress", "ann+list@example.org", true},
                    SenderCase{"alias", "sales@example.org", true},
                    SenderCase{"alias_of_an_alias", "all@example.org", true},
                    SenderCase{"catch_all", "anything@caught.org", true},
                    SenderCase{"permitted", "press@far.example", true},
                    SenderCase{"permitted_domain", "who@friends.example", true},
                    SenderCase{"somebody_else", "bob@example.org", false},
                    SenderCase{"somebody_elses_alias", "boss@example.org", false},
                    SenderCase{"nobody", "nobody@example.org", false},
                    SenderCase{"own_mailbox_there", "postmaster@caught.org", false},
                    SenderCase{"elsewhere", "ann@far.example", false},
                    SenderCase{"below_a_permitted_domain", "who@sub.friends.example", false},
                    SenderCase{"ends_like_a_permitted_domain", "who@notfriends.example", false},
                    SenderCase{"permitted_domain_quoted", "\"x@friends.example\"@far.example",
                               false}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace veredus::accept
