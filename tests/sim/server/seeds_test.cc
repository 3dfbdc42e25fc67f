// Methodology: each seed is a world of its own in which everything goes wrong that may, for an
// hour; then nothing does, for twelve. See README.md for how to replay a seed that fails.

#include "sim/seeds.h"

#include <string>

#include <gtest/gtest.h>

#include "sim/server/story.h"

namespace veredus::simulation {
namespace {

/// What a run of seeds did, to prove that it did something.
struct Totals {
  std::size_t promises = 0;
  std::size_t notices = 0;
  std::uint64_t crashes = 0;
};

TEST(Seeds, NothingAcknowledgedIsLost) {
  Totals totals;
  const auto played = play_seeds(100, [&](std::uint64_t seed) {
    Story story(seed, wild_plan());
    story.live();
    totals.promises += story.ledger().promises();
    totals.notices += story.ledger().notices();
    totals.crashes += story.crashes();
    return story.ledger().problems();
  });
  if (!played) return;
  EXPECT_GT(totals.promises, *played * 5) << "too little mail got in to prove anything";
  EXPECT_GT(totals.notices, *played * 2);
  EXPECT_GT(totals.crashes, *played * 2);
}

void expect_nothing_wrong(const Story& story) {
  for (const std::string& problem : story.ledger().problems()) ADD_FAILURE() << problem;
}

/// Everybody who can have the letter has it, and those who cannot were reported to its sender.
void expect_all_delivered(const Story& story) {
  for (const auto& [number, letter] : story.ledger().letters()) {
    if (!letter.acknowledged) continue;
    for (const std::string& recipient : letter.promised) {
      const bool fails = recipient.starts_with("bad") || recipient == "h@null.example";
      const bool has_it = story.ledger().times_relayed(number, recipient) > 0 ||
                          story.copies_in_mailbox(number, recipient) > 0;
      EXPECT_EQ(has_it, !fails) << number << " " << recipient;
    }
  }
}

TEST(Seeds, WithoutDnsForADayNothingFails) {
  Plan plan;
  plan.faults.dns.servfail = 0.5;
  plan.faults.dns.timeout = 1;
  plan.senders = 2;
  plan.letters = 8;
  plan.pause_max = std::chrono::hours(3);
  plan.trouble = std::chrono::hours(24);
  Story story(21, plan);
  story.live();
  expect_nothing_wrong(story);
  expect_all_delivered(story);
  EXPECT_EQ(story.ledger().promises(), plan.senders * plan.letters);
}

TEST(Seeds, AFullDiskRefusesAndRecovers) {
  Plan plan;
  plan.hostility = 0.2;
  plan.senders = 4;
  plan.letters = 20;
  plan.pause_max = std::chrono::minutes(30);
  plan.trouble = std::chrono::hours(9);
  plan.disk_full = std::chrono::hours(3);
  Story story(22, plan);
  story.live();
  expect_nothing_wrong(story);
  EXPECT_GT(story.ledger().promises(), plan.letters);
  EXPECT_LT(story.ledger().promises(), plan.senders * plan.letters);
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
      const bool fails = recipient.starts_with("bad") || recipient == "h@null.example";
      const bool may_tell = !letter.sender.empty() && letter.sender != "gone@null.example";
      EXPECT_EQ(story.ledger().was_told(dsn::Action::failed, number, recipient), fails && may_tell)
          << number << " " << recipient;
      if (fails) continue;
      EXPECT_EQ(story.ledger().times_relayed(number, recipient) +
                    story.copies_in_mailbox(number, recipient),
                1U)
          << number << " " << recipient;
    }
}

}  // namespace
}  // namespace veredus::simulation
