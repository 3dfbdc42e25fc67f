// Methodology: each seed is a world of its own in which everything goes wrong that may, for an
// hour; then nothing does, for twelve. See README.md for how to replay a seed that fails.

#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "base/text.h"
#include "sim/story.h"

namespace veredus::simulation {
namespace {

constexpr std::uint64_t kSeeds = 200;
constexpr int kFailuresShown = 3;

std::optional<std::uint64_t> from_environment(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? std::nullopt : to_number(text);
}

std::string replay(std::uint64_t seed) {
  return "to replay: VEREDUS_SEED=" + std::to_string(seed) + " build/dev/tests/sim/sim_test";
}

/// What a run of seeds did, to prove that it did something.
struct Totals {
  std::size_t promises = 0;
  std::size_t deliveries = 0;
  std::uint64_t crashes = 0;
};

void run_seed(std::uint64_t seed, Totals& totals) {
  Story story(seed, wild_plan());
  story.live();
  for (const std::string& problem : story.ledger().problems()) ADD_FAILURE() << problem;
  totals.promises += story.ledger().promises();
  totals.deliveries += story.ledger().deliveries();
  totals.crashes += story.crashes();
}

TEST(Seeds, NothingAcknowledgedIsLost) {
  Totals totals;
  const auto one = from_environment("VEREDUS_SEED");
  const std::uint64_t first = one.value_or(1);
  const std::uint64_t count = one ? 1 : from_environment("VEREDUS_SEEDS").value_or(kSeeds);
  int failures = 0;
  for (std::uint64_t seed = first; seed < first + count && failures < kFailuresShown; ++seed) {
    SCOPED_TRACE(replay(seed));
    const auto before =
        ::testing::UnitTest::GetInstance()->current_test_info()->result()->total_part_count();
    run_seed(seed, totals);
    const auto after =
        ::testing::UnitTest::GetInstance()->current_test_info()->result()->total_part_count();
    if (after > before) ++failures;
  }
  if (!one && failures == 0) {
    EXPECT_GT(totals.promises, count * 5) << "too little mail got in to prove anything";
    EXPECT_GT(totals.crashes, count * 2);
  }
  RecordProperty("promises", static_cast<int>(totals.promises));
  RecordProperty("deliveries", static_cast<int>(totals.deliveries));
  RecordProperty("crashes", static_cast<int>(totals.crashes));
}

TEST(Seeds, TheSameSeedIsTheSameStory) {
  Story once(77, wild_plan());
  once.live();
  Story again(77, wild_plan());
  again.live();
  EXPECT_EQ(once.world().time().events(), again.world().time().events());
  EXPECT_EQ(once.world().time().trace(), again.world().time().trace());
}

TEST(Seeds, InAWorldWithoutFaultsEverybodyGetsEverythingOnce) {
  Plan plan;
  plan.senders = 4;
  plan.letters = 20;
  plan.trouble = std::chrono::minutes(5);
  Story story(5, plan);
  story.live();
  EXPECT_TRUE(story.ledger().problems().empty()) << story.ledger().problems().front();
  EXPECT_EQ(story.ledger().promises(), plan.senders * plan.letters);
  for (const auto& [number, letter] : story.ledger().letters())
    for (const std::string& recipient : letter.promised) {
      if (recipient.starts_with("bad") || recipient == "h@null.example") continue;
      EXPECT_EQ(story.ledger().times_relayed(number, recipient) +
                    story.copies_in_mailbox(number, recipient),
                1U)
          << number << " " << recipient;
    }
}

}  // namespace
}  // namespace veredus::simulation
