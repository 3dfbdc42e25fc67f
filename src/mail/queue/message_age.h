// How old a message is, by a clock that somebody may set.

#pragma once

#include <chrono>
#include <ranges>
#include <vector>

#include "base/time.h"

namespace veredus::queue {

/// A wall clock that jumps forward must not make all mail expire at once. While the process runs it
/// sees such jumps, for the steady clock does not make them, and leaves them out of the age of mail
/// that came before. A machine that slept counts as a jump too. Not thread-safe.
class MessageAge {
 public:
  MessageAge(SteadyTime now, WallTime wall) : steady_(now), wall_(wall) {}

  /// Notes what the clocks say. Returns how far the wall clock jumped since the last call; zero
  /// when by less than kTolerance, which is drift and small corrections.
  std::chrono::seconds observe(SteadyTime now, WallTime wall) {
    const auto jump = (wall - wall_) - (now - steady_);
    const WallTime first_after = wall_ + jump;
    steady_ = now;
    wall_ = wall;
    if (jump < kTolerance && jump > -kTolerance) return std::chrono::seconds(0);
    if (jumps_.size() == kJumpsMax) jumps_.erase(jumps_.begin());
    jumps_.emplace_back(wall - jump, first_after, jump);
    return std::chrono::floor<std::chrono::seconds>(jump);
  }

  /// The age of what was received at `received_at`, at the time last observed. A clock that went
  /// back shows some times twice: then it was the later one, for mail must not expire too early.
  std::chrono::nanoseconds of(WallTime received_at) const {
    std::chrono::nanoseconds age = wall_ - received_at;
    WallTime last = wall_;
    for (const Jump& jump : std::views::reverse(jumps_)) {
      if (received_at >= jump.first_after && received_at <= last) break;
      age -= jump.by;
      last = jump.last_before;
    }
    return age;
  }

 private:
  static constexpr std::chrono::minutes kTolerance{5};
  static constexpr std::size_t kJumpsMax = 64;
  struct Jump {
    WallTime last_before;  ///< What the clock said at most before it,
    WallTime first_after;  ///< and at least after it: nobody saw when it was.
    std::chrono::nanoseconds by;
  };

  SteadyTime steady_;
  WallTime wall_;
  std::vector<Jump> jumps_;
};

}  // namespace veredus::queue
