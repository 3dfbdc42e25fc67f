// How long to wait after a failed attempt (RFC 5321 §4.5.4.1).

#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>

#include "mail/queue/config.h"

namespace veredus::queue {

/// How long a message is tried: mail from the null sender is told from other mail.
struct Patience {
  std::chrono::seconds retry_min;
  std::chrono::seconds retry_max;
  std::chrono::seconds expire;
};
inline Patience patience_for(bool is_bounce, const QueueConfig& config) {
  if (!is_bounce) return {config.retry_min, config.retry_max, config.expire};
  const auto retry_max = std::min(config.retry_max, config.bounce_retry_max);
  return {std::min(config.retry_min, retry_max), retry_max,
          std::min(config.expire, config.bounce_expire)};
}

/// The pause after attempt number `attempts` (from 1) failed: retry_min, growing by retry_factor
/// up to retry_max, moved by chance within retry_jitter of itself. `chance` is in [0, 1). At
/// least half of retry_min, at most 1.5 times retry_max.
inline std::chrono::milliseconds retry_delay(std::uint32_t attempts, const Patience& patience,
                                             const QueueConfig& config, double chance) {
  using Millis = std::chrono::duration<double, std::milli>;
  const double least = Millis(patience.retry_min).count();
  const double most = Millis(patience.retry_max).count();
  const double steps = attempts > 0 ? attempts - 1 : 0;
  const double grown = std::min(most, least * std::pow(config.retry_factor, steps));
  const double spread = 1 + (config.retry_jitter * (2 * chance - 1));
  return std::chrono::milliseconds(std::llround(grown * spread));
}

}  // namespace veredus::queue
