// Methodology: each seed is a small world: one queue, a dozen messages, hours or days in which
// everything goes wrong that may; then nothing does, until all that waits must have ended.

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sim/queue/small_world.h"
#include "sim/seeds.h"

namespace veredus::simulation {
namespace {

/// What a run of seeds did, to prove that it did something.
struct Totals {
  std::uint64_t attempts = 0;
  std::uint64_t notices = 0;
  std::uint64_t crashes = 0;

  std::vector<std::string> play(std::uint64_t seed, const SmallPlan& plan) {
    SmallWorld world(seed, plan);
    world.live();
    attempts += world.books().attempts();
    notices += world.books().notices(queue::NoticeKind::failure) +
               world.books().notices(queue::NoticeKind::delay);
    crashes += world.crashes();
    return world.books().problems();
  }
  void expect(std::uint64_t seeds, std::uint64_t attempts_least,
              std::uint64_t notices_least) const {
    EXPECT_GT(attempts, seeds * attempts_least) << "too little happened to prove anything";
    EXPECT_GT(notices, seeds * notices_least);
    EXPECT_GT(crashes, seeds * 2);
  }
};

TEST(QueueSeeds, EveryRecipientHasOneOutcomeAndSendersAreToldOnce) {
  Totals totals;
  const auto played = play_seeds(
      2000, [&](std::uint64_t seed) { return totals.play(seed, wild_small_plan(seed)); });
  if (played) totals.expect(*played, 10, 1);
}

TEST(QueueSeeds, AWeekOfRetriesWarningsAndExpiry) {
  Totals totals;
  const auto played =
      play_seeds(20, [&](std::uint64_t seed) { return totals.play(seed, days_plan(seed)); });
  if (played) totals.expect(*played, 200, 10);
}

TEST(QueueSeeds, TheSameSeedIsTheSameStory) {
  SmallWorld once(77, wild_small_plan(77));
  once.live();
  SmallWorld again(77, wild_small_plan(77));
  again.live();
  EXPECT_EQ(once.world().time().events(), again.world().time().events());
  EXPECT_EQ(once.world().time().trace(), again.world().time().trace());
}

/// The same hours again and again; the process dies at one commit more each time, before it or
/// after it, until a run has no commit left to die at. Notices of both kinds are made.
class EveryCommitOfTheQueue : public ::testing::TestWithParam<storage::CommitPoint> {};

TEST_P(EveryCommitOfTheQueue, IsAGoodOneToDieAt) {
  constexpr std::uint64_t kScenario = 36;
  SmallPlan plan;
  plan.messages = 3;
  plan.trouble = std::chrono::hours(1);
  for (std::uint64_t commit = 1; commit < 1000; ++commit) {
    plan.death.emplace(GetParam(), commit);
    SmallWorld world(kScenario, plan);
    world.live();
    for (const std::string& problem : world.books().problems())
      ADD_FAILURE() << "death at commit " << commit << ": " << problem;
    if (HasFailure()) return;
    if (world.commits() >= commit) continue;
    EXPECT_GT(commit, 20U) << "too few commits to prove anything";
    EXPECT_GT(world.books().notices(queue::NoticeKind::failure), 0U);
    EXPECT_GT(world.books().notices(queue::NoticeKind::delay), 0U);
    return;
  }
  FAIL() << "the loop must end";
}

INSTANTIATE_TEST_SUITE_P(BeforeAndAfter, EveryCommitOfTheQueue,
                         ::testing::Values(storage::CommitPoint::before_apply,
                                           storage::CommitPoint::after_apply));

}  // namespace
}  // namespace veredus::simulation
