// A rate as a bucket of tokens: so many a minute, a second's worth at once.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/time.h"

namespace veredus::queue {

/// Holds burst() tokens when full, and begins so. In any span of time no more than burst() plus
/// the rate's share of that span can be taken. Pure: time is passed in and must not go back.
class TokenBucket {
 public:
  /// `per_minute` is 1 to kPerMinuteMax.
  static constexpr std::uint32_t kPerMinuteMax = 1'000'000;
  TokenBucket(std::uint32_t per_minute, SteadyTime now)
      : step_((std::chrono::nanoseconds(std::chrono::minutes(1)).count() + per_minute - 1) /
              per_minute),
        burst_(std::max(per_minute / 60, 1U)),
        empty_at_(now - step_ * burst_) {}

  std::uint32_t burst() const noexcept { return burst_; }

  /// Whole tokens at `now`.
  std::uint32_t level(SteadyTime now) const noexcept {
    return static_cast<std::uint32_t>(std::min<std::int64_t>((now - empty_at_) / step_, burst_));
  }
  bool is_full(SteadyTime now) const noexcept { return level(now) == burst_; }
  /// When `tokens`, at most burst(), are there if none is taken.
  SteadyTime time_of(std::uint32_t tokens) const noexcept { return empty_at_ + step_ * tokens; }

  /// Takes one token; level() must not be 0.
  void take(SteadyTime now) noexcept {
    empty_at_ = std::max(empty_at_, now - step_ * burst_) + step_;
  }

 private:
  std::chrono::nanoseconds step_;  ///< Between two tokens, rounded up: never faster than the rate.
  std::uint32_t burst_;
  SteadyTime empty_at_;  ///< When the bucket would have been empty, had it filled only since then.
};

}  // namespace veredus::queue
