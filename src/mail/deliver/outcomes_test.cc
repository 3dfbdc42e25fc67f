#include "mail/deliver/outcomes.h"

#include <string>

#include <gtest/gtest.h>

#include "io/sim/world.h"
#include "mail/deliver/config.h"

namespace veredus::deliver {
namespace {

using queue::State;

struct ReplyCase {
  int code;
  ReplyTo to;
  State want;
};

std::string name_of(const ::testing::TestParamInfo<ReplyCase>& test) {
  return (test.param.to == ReplyTo::rcpt ? "rcpt_" : "other_") + std::to_string(test.param.code);
}

class StateAfter : public ::testing::TestWithParam<ReplyCase> {};

TEST_P(StateAfter, AReply) {
  smtp::PeerReply reply;
  reply.code = GetParam().code;
  reply.said = "text";
  EXPECT_EQ(state_after(reply, State::relayed, GetParam().to), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(Rfc5321Section421, StateAfter,
                         ::testing::Values(ReplyCase{250, ReplyTo::other, State::relayed},
                                           ReplyCase{251, ReplyTo::rcpt, State::relayed},
                                           ReplyCase{354, ReplyTo::other, State::deferred},
                                           ReplyCase{421, ReplyTo::other, State::deferred},
                                           ReplyCase{452, ReplyTo::rcpt, State::deferred},
                                           ReplyCase{550, ReplyTo::rcpt, State::failed},
                                           ReplyCase{552, ReplyTo::rcpt, State::deferred},
                                           ReplyCase{552, ReplyTo::other, State::failed},
                                           ReplyCase{554, ReplyTo::other, State::failed}),
                         &name_of);

// RFC 5321 §4.5.3.1.10: 552 is an old "too many recipients"; with another status it is none.
TEST(StateAfterReply, AFullMailboxIsNotTooManyRecipients) {
  smtp::PeerReply reply;
  reply.code = 552;
  reply.said = "text";
  reply.status = smtp::EnhancedStatus(5, 5, 3);
  EXPECT_EQ(state_after(reply, State::relayed, ReplyTo::rcpt), State::deferred);
  reply.status = smtp::EnhancedStatus(5, 2, 2);
  EXPECT_EQ(state_after(reply, State::relayed, ReplyTo::rcpt), State::failed);
}

TEST(StateAfterError, WhatMayHelpLaterIsDeferred) {
  EXPECT_EQ(state_after(Error(Fault::unavailable, "")), State::deferred);
  EXPECT_EQ(state_after(Error(Fault::overloaded, "")), State::deferred);
  EXPECT_EQ(state_after(Error(Fault::cancelled, "")), State::deferred);
  EXPECT_EQ(state_after(Error(Fault::refused, "")), State::failed);
  EXPECT_EQ(state_after(Error(Fault::malformed, "")), State::failed);
}

TEST(OutcomesTest, TheFirstOutcomeOfARecipientCounts) {
  queue::Job job;
  job.recipients = {4, 7, 9};
  sim::World world(1);
  Outcomes outcomes(job, world.system().clock);
  outcomes.set(7, State::failed, "550 no", "mx");
  outcomes.set(7, State::relayed, "250 ok", "mx");
  outcomes.set(5, State::relayed, "250 of nobody", "mx");
  EXPECT_EQ(outcomes.open(), (std::vector<std::uint32_t>{4, 9}));
  outcomes.set_rest_unreachable("no host", "");
  const auto all = outcomes.take();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].state, State::failed);
  EXPECT_FALSE(all[0].unreachable);
  EXPECT_EQ(all[1].state, State::deferred);
  EXPECT_TRUE(all[1].unreachable);
}

TEST(OutcomesTest, TellWhoWasPassedOverAndHowLongItTook) {
  sim::World world(1);
  queue::Job job;
  job.recipients = {0, 1, 2};
  Outcomes outcomes(job, world.system().clock);
  outcomes.set(0, State::failed, "550 no", "a");
  world.run_for(std::chrono::milliseconds(1500));
  outcomes.pass_over("a", "4.4.1 Cannot connect: connection refused");
  outcomes.set(1, State::failed, "550 no", "b");
  outcomes.pass_over("b", "421 " + std::string(1000, 'x') + "\n");
  outcomes.set(2, State::relayed, "250 ok", "c");
  const auto all = outcomes.take();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].passed_over, "");
  EXPECT_EQ(all[0].duration, std::chrono::milliseconds(0));
  EXPECT_EQ(all[1].passed_over, "a: 4.4.1 Cannot connect: connection refused");
  EXPECT_EQ(all[1].duration, std::chrono::milliseconds(1500));
  EXPECT_TRUE(
      all[2].passed_over.starts_with("a: 4.4.1 Cannot connect: connection refused; b: 421 xxx"));
  EXPECT_LT(all[2].passed_over.size(), 300U) << "a long reason is cut";
}

TEST(DeliverConfigTest, NamesEveryKeyItRejects) {
  EXPECT_TRUE(checked(DeliverConfig()));
  DeliverConfig bad;
  bad.hosts_max = 0;
  bad.data_deadline = std::chrono::seconds(0);
  const auto result = checked(bad);
  ASSERT_FALSE(result);
  EXPECT_TRUE(result.error().text().contains("deliver.hosts_max"));
  EXPECT_TRUE(result.error().text().contains("deliver.data_deadline"));
}

IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }

TEST(DeliverConfigTest, TakesOneSourceOrAListWithoutRepetition) {
  DeliverConfig config;
  config.sources = {ip("192.0.2.7"), ip("2001:db8::7"), ip("192.0.2.8")};
  EXPECT_TRUE(checked(config));
  config.source = ip("192.0.2.9");
  EXPECT_TRUE(checked(config).error().text().contains("together with deliver.source"));
  config.source.reset();
  config.sources.push_back(ip("192.0.2.7"));
  EXPECT_TRUE(checked(config).error().text().contains("192.0.2.7 is there twice"));
  config.sources = {ip("0.0.0.0")};
  EXPECT_TRUE(checked(config).error().text().contains("0.0.0.0 is no address"));
}

TEST(DeliverConfigTest, TheFamilyWithFewerSourcesBoundsTheTotal) {
  DeliverConfig config;
  EXPECT_EQ(config.source_count(), 1U);
  config.source = ip("2001:db8::7");
  EXPECT_EQ(config.source_count(), 1U);
  config.source.reset();
  config.sources = {ip("192.0.2.7"), ip("192.0.2.8"), ip("192.0.2.9")};
  EXPECT_EQ(config.source_count(), 3U);
  config.sources.push_back(ip("2001:db8::7"));
  config.sources.push_back(ip("2001:db8::8"));
  EXPECT_EQ(config.source_count(), 2U);
}

}  // namespace
}  // namespace veredus::deliver
