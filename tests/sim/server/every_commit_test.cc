// Methodology: the same quarter of an hour of mail again and again; the server dies at one commit
// more each time, before it or after it, by a signal or a power cut, until a run has no commit
// left to die at.

#include <string>
#include <tuple>

#include <gtest/gtest.h>

#include "sim/server/story.h"

namespace veredus::simulation {
namespace {

using storage::CommitPoint;
using Death = std::tuple<CommitPoint, sim::Crash>;

/// Some next hops defer now and then, so that there are outcomes to record.
Plan small_plan() {
  Plan plan;
  plan.hostility = 0.2;
  plan.senders = 2;
  plan.letters = 2;
  plan.pause_max = std::chrono::minutes(2);
  plan.trouble = std::chrono::minutes(15);
  return plan;
}

class EveryCommit : public ::testing::TestWithParam<Death> {};

TEST_P(EveryCommit, AcknowledgedMailSurvivesADeathThere) {
  constexpr std::uint64_t kScenario = 11;
  constexpr std::uint64_t kCommitsMax = 1000;
  const auto& [point, how] = GetParam();
  for (std::uint64_t commit = 1;; ++commit) {
    SCOPED_TRACE("death at commit " + std::to_string(commit));
    ASSERT_LT(commit, kCommitsMax) << "the loop must end";
    Story story(kScenario, small_plan());
    story.crash_at(point, commit, how);
    story.live();
    for (const std::string& problem : story.ledger().problems()) ADD_FAILURE() << problem;
    if (HasFailure()) break;
    if (story.site().disk().commits() < commit) {
      EXPECT_GT(commit, 20U) << "too few commits to prove anything";
      break;
    }
  }
}

std::string name_of(const ::testing::TestParamInfo<Death>& test) {
  const std::string point =
      std::get<CommitPoint>(test.param) == CommitPoint::before_apply ? "before" : "after";
  return point + (std::get<sim::Crash>(test.param) == sim::Crash::kill ? "_kill" : "_power");
}

INSTANTIATE_TEST_SUITE_P(Deaths, EveryCommit,
                         ::testing::Combine(::testing::Values(CommitPoint::before_apply,
                                                              CommitPoint::after_apply),
                                            ::testing::Values(sim::Crash::kill, sim::Crash::power)),
                         &name_of);

}  // namespace
}  // namespace veredus::simulation
