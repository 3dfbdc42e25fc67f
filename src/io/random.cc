#include "io/random.h"

namespace veredus::io {

std::uint64_t Random::below(std::uint64_t bound) {
  // Refuse the last, incomplete run of values: they would make small results likelier.
  const std::uint64_t unfair = -bound % bound;
  for (;;) {
    const std::uint64_t value = next();
    if (value >= unfair) return value % bound;
  }
}

double Random::fraction() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

}  // namespace veredus::io
