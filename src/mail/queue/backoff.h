// How long to wait after a failed attempt (RFC 5321 §4.5.4.1).

#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>

#include "mail/queue/config.h"

namespace veredus::queue {

/// The pause after attempt number `attempts` (from 1) failed: retry_min, growing by retry_factor
/// up to retry_max, moved by chance within retry_jitter of itself. `chance` is in [0, 1). At
/// least half of retry_min, at most 1.5 times retry_max.
inline std::chrono::milliseconds retry_delay(std::uint32_t attempts, const QueueConfig& config,
                                             double chance) {
  using Millis = std::chrono::duration<double, std::milli>;
  const double least = Millis(config.retry_min).count();
  const double most = Millis(config.retry_max).count();
  const double steps = attempts > 0 ? attempts - 1 : 0;
  const double grown = std::min(most, least * std::pow(config.retry_factor, steps));
  const double spread = 1 + (config.retry_jitter * (2 * chance - 1));
  return std::chrono::milliseconds(std::llround(grown * spread));
}

}  // namespace veredus::queue
