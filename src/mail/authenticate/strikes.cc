#include "mail/authenticate/strikes.h"

#include <algorithm>

namespace veredus::authenticate {
namespace {

/// As many failures as it takes to reach the longest delay; more would only take longer to forgive.
std::uint32_t most(const ThrottleConfig& config) {
  std::uint32_t count = config.failures_free;
  for (auto delay = config.delay_first; delay < config.delay_max; delay *= 2) ++count;
  return count;
}

}  // namespace

void Strikes::add(const ThrottleConfig& config, SteadyTime now) {
  const auto forgiven = (now - last_) / Duration(config.forgive);
  count_ = forgiven >= count_ ? 0 : count_ - static_cast<std::uint32_t>(forgiven);
  count_ = std::min(count_ + 1, most(config));
  last_ = now;
}

SteadyTime Strikes::blocked_until(const ThrottleConfig& config) const {
  if (count_ < config.failures_free) return SteadyTime::min();
  auto delay = config.delay_first;
  for (std::uint32_t more = config.failures_free; more < count_ && delay < config.delay_max; ++more)
    delay *= 2;
  return last_ + std::min(delay, config.delay_max);
}

SteadyTime Strikes::forgotten_at(const ThrottleConfig& config) const {
  return last_ + count_ * Duration(config.forgive);
}

void StrikeTable::add(std::uint64_t key, const ThrottleConfig& config, SteadyTime now) {
  auto found = strikes_.find(key);
  if (found == strikes_.end()) {
    make_room(config, now);
    found = strikes_.try_emplace(key).first;
  } else {
    order_.erase({found->second.forgotten_at, key});
  }
  Entry& entry = found->second;
  entry.strikes.add(config, now);
  entry.forgotten_at = entry.strikes.forgotten_at(config);
  order_.emplace(entry.forgotten_at, key);
}

SteadyTime StrikeTable::blocked_until(std::uint64_t key, const ThrottleConfig& config) const {
  const auto found = strikes_.find(key);
  return found == strikes_.end() ? SteadyTime::min() : found->second.strikes.blocked_until(config);
}

/// For one more; what is forgotten goes too.
void StrikeTable::make_room(const ThrottleConfig& config, SteadyTime now) {
  while (!order_.empty() &&
         (order_.begin()->first <= now || strikes_.size() >= config.entries_max)) {
    strikes_.erase(order_.begin()->second);
    order_.erase(order_.begin());
  }
}

}  // namespace veredus::authenticate
