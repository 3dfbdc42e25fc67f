#include "mail/accept/transaction.h"

#include <gtest/gtest.h>

namespace veredus::accept {
namespace {

smtp::Address address(std::string_view text) { return *smtp::Address::parse(text); }

class TransactionTest : public testing::Test {
 protected:
  static route::Router make_router() {
    route::RouteConfig config;
    config.hostname = "mx.example.test";
    config.domains.emplace_back().name = "example.test";
    config.domains.front().mailboxes = {"you", "other"};
    auto router = route::Router::make(config);
    EXPECT_TRUE(router);
    return std::move(*router);
  }

  std::size_t add(std::string_view asked, std::vector<std::string_view> targets) {
    std::vector<smtp::Address> addresses;
    for (const std::string_view target : targets) addresses.push_back(address(target));
    return transaction_.add(address(asked), std::move(addresses), {}, router_);
  }

  void begin(std::string_view sender = "<me@remote.example>") {
    transaction_.begin(*smtp::ReversePath::parse(sender), {});
  }

  route::Router router_ = make_router();
  Transaction transaction_;
};

TEST_F(TransactionTest, EachTargetOnce) {
  begin();
  EXPECT_EQ(add("you@example.test", {"you@example.test"}), 1U);
  EXPECT_EQ(add("list@example.test", {"you@example.test", "other@example.test"}), 2U);
  EXPECT_EQ(transaction_.accepted(), 2U);
  EXPECT_EQ(transaction_.recipient_count(), 2U);
}

TEST_F(TransactionTest, CaseIsForTheDomainsOwnerToJudge) {
  begin();
  EXPECT_EQ(add("you@example.test", {"you@example.test"}), 1U);
  EXPECT_EQ(add("YOU@example.test", {"YOU@example.test"}), 1U) << "ours: the same mailbox";
  EXPECT_EQ(add("a@remote.example", {"a@remote.example"}), 2U);
  EXPECT_EQ(add("A@remote.example", {"A@remote.example"}), 3U) << "RFC 5321 §2.4";
  EXPECT_EQ(add("A@REMOTE.example", {"A@REMOTE.example"}), 3U);
}

TEST_F(TransactionTest, EachOnceHoweverManyThereAre) {
  begin();
  const auto name = [](std::size_t i, std::string_view host) {
    return "box" + std::to_string(i) + "@" + std::string(host);
  };
  constexpr std::size_t kMany = 50;
  for (std::size_t i = 1; i <= kMany; ++i) {
    EXPECT_EQ(transaction_.add(address(name(i, "remote.example")), {}, router_), i);
    EXPECT_EQ(transaction_.add(address(name(1, "remote.example")), {}, router_), i);
    EXPECT_EQ(transaction_.add(address(name(i, "REMOTE.example")), {}, router_), i);
  }
  EXPECT_EQ(add("you@example.test", {"you@example.test"}), kMany + 1);
  EXPECT_EQ(add("YOU@example.test", {"YOU@example.test"}), kMany + 1) << "ours: the same mailbox";
  EXPECT_EQ(add("BOX1@remote.example", {"BOX1@remote.example"}), kMany + 2) << "RFC 5321 §2.4";
  EXPECT_EQ(transaction_.accepted(), 3 * kMany + 3);
}

TEST_F(TransactionTest, SoleRecipientIsWhatTheOnlyRcptSaid) {
  begin();
  EXPECT_EQ(transaction_.sole_recipient(), "");
  add("list@example.test", {"you@example.test", "other@example.test"});
  EXPECT_EQ(transaction_.sole_recipient(), "list@example.test");
  add("you@example.test", {"you@example.test"});
  EXPECT_EQ(transaction_.sole_recipient(), "") << "RFC 5321 §7.2";
}

TEST_F(TransactionTest, EnvelopeKnowsWhatWasAskedFor) {
  begin();
  add("list@example.test", {"you@example.test"});
  add("other@example.test", {"other@example.test"});
  const queue::Envelope envelope = transaction_.take_envelope();
  EXPECT_EQ(envelope.sender.text(), "<me@remote.example>");
  ASSERT_EQ(envelope.recipients.size(), 2U);
  EXPECT_EQ(envelope.recipients[0].address.text(), "you@example.test");
  EXPECT_EQ(envelope.recipients[0].original, "list@example.test");
  EXPECT_EQ(envelope.recipients[1].original, "") << "it was not rewritten";
}

TEST_F(TransactionTest, NothingStaysForTheNextOne) {
  begin();
  add("you@example.test", {"you@example.test"});
  EXPECT_EQ(transaction_.take_envelope().recipients.size(), 1U);
  EXPECT_EQ(transaction_.accepted(), 0U);
  EXPECT_TRUE(transaction_.sender().is_null());

  add("you@example.test", {"you@example.test"});
  begin("<>");
  EXPECT_EQ(transaction_.recipient_count(), 0U) << "MAIL begins anew";
  EXPECT_EQ(add("you@example.test", {"you@example.test"}), 1U);
  transaction_.reset();
  EXPECT_EQ(transaction_.recipient_count(), 0U);
}

}  // namespace
}  // namespace veredus::accept
