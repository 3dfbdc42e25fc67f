#include "mail/deliver/outcomes.h"

#include <string>

#include <gtest/gtest.h>

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
  reply.lines = {"text"};
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
  Outcomes outcomes(job);
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

}  // namespace
}  // namespace veredus::deliver
