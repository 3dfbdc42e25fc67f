// Randomness as a seam: the kernel's in production, one seed in simulation.

#pragma once

#include <cstdint>

namespace veredus::io {

/// Thread-safe. Unpredictable to outsiders in production.
class Random {
 public:
  virtual ~Random() = default;

  virtual std::uint64_t next() = 0;

  /// Evenly in [0, bound). `bound` must not be 0.
  std::uint64_t below(std::uint64_t bound);
  /// In [0, 1).
  double fraction();
};

}  // namespace veredus::io
