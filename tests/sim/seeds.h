// Runs one story a seed, and says how to play again the one that failed.

#pragma once

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/text.h"

namespace veredus::simulation {

/// A number in the environment.
inline std::optional<std::uint64_t> from_environment(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? std::nullopt : to_number(text);
}

/// Gives back what should not have been.
using PlaySeed = std::function<std::vector<std::string>(std::uint64_t seed)>;

/// Plays seeds 1 to `count`, times VEREDUS_SEEDS; or VEREDUS_SEED alone. Ends after three seeds
/// that failed. How many were played, or nothing when it was one alone or any failed.
inline std::optional<std::uint64_t> play_seeds(std::uint64_t count, const PlaySeed& play) {
  constexpr int kFailuresShown = 3;
  const auto alone = from_environment("VEREDUS_SEED");
  const std::uint64_t first = alone.value_or(1);
  if (alone) count = 1;
  if (!alone) count *= from_environment("VEREDUS_SEEDS").value_or(1);
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  int failures = 0;
  for (std::uint64_t seed = first; seed < first + count && failures < kFailuresShown; ++seed) {
    const std::vector<std::string> problems = play(seed);
    if (problems.empty()) continue;
    ++failures;
    ADD_FAILURE() << "to replay: VEREDUS_SEED=" << seed
                  << " and --gtest_filter=" << test->test_suite_name() << "." << test->name();
    for (const std::string& problem : problems) ADD_FAILURE() << problem;
  }
  if (failures > 0 || alone) return std::nullopt;
  return count;
}

}  // namespace veredus::simulation
