// Randomness from the kernel.

#pragma once

#include "io/random.h"

namespace veredus::io {

/// getrandom(2), a block at a time for each thread. Aborts if the kernel has no randomness: then
/// nothing here would be safe.
class KernelRandom final : public Random {
 public:
  std::uint64_t next() override;
};

}  // namespace veredus::io
