// Failures counted for one key, and a bounded table of such counts.

#pragma once

#include <cstdint>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/time.h"
#include "mail/authenticate/config.h"

namespace veredus::authenticate {

/// Failures of one key. A failure is forgiven every ThrottleConfig::forgive.
class Strikes {
 public:
  /// Counts a failure at `now`.
  void add(const ThrottleConfig& config, SteadyTime now);
  /// Until when nothing more from this key is judged.
  SteadyTime blocked_until(const ThrottleConfig& config) const;
  /// When the last failure is forgiven.
  SteadyTime forgotten_at(const ThrottleConfig& config) const;

 private:
  std::uint32_t count_ = 0;  ///< At `last_`.
  SteadyTime last_;
};

/// Strikes by key, at most ThrottleConfig::entries_max of them. When there is no room, the key goes
/// that would be forgotten first. Its order is by failures before it is by age, because a key with
/// one failure more is remembered longer by `forgive`, which is no less than the longest block
/// (checked() sees to it): a key that is blocked goes only after all that never were. To free one
/// before its time somebody must fill the table with keys that failed as often, which takes
/// failures_free * entries_max wrong passwords within delay_max, more than we can judge.
class StrikeTable {
 public:
  void add(std::uint64_t key, const ThrottleConfig& config, SteadyTime now);
  SteadyTime blocked_until(std::uint64_t key, const ThrottleConfig& config) const;
  std::size_t size() const noexcept { return strikes_.size(); }

 private:
  struct Entry {
    Strikes strikes;
    SteadyTime forgotten_at;  ///< As in order_.
  };

  void make_room(const ThrottleConfig& config, SteadyTime now);

  std::unordered_map<std::uint64_t, Entry> strikes_;
  std::set<std::pair<SteadyTime, std::uint64_t>> order_;
};

}  // namespace veredus::authenticate
