// Randomness from one seed: the same seed gives the same run.

#pragma once

#include <array>
#include <cstdint>

#include "base/time.h"
#include "io/random.h"

namespace veredus::sim {

/// The generator xoshiro256**, seeded through splitmix64. Not thread-safe: simulation is one
/// thread.
class SeededRandom final : public io::Random {
 public:
  explicit SeededRandom(std::uint64_t seed) noexcept;

  std::uint64_t next() override;

  /// True with this probability (0: never, 1: always). Draws a number in every case, so that
  /// changing one probability leaves all other decisions of a run as they were.
  bool chance(double probability);
  /// Evenly in [least, most].
  std::uint64_t between(std::uint64_t least, std::uint64_t most);
  Duration between(Duration least, Duration most);

 private:
  std::array<std::uint64_t, 4> state_;
};

}  // namespace veredus::sim
