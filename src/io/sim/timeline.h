// Virtual time: it stands still while anything is ready, then jumps to the next timer.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string_view>
#include <utility>

#include "base/time.h"

namespace veredus::sim {

/// Timers in the order of their time, then of their making; and the trace, a hash over all that
/// happened, which two runs share only when they did the same things at the same moments.
class Timeline {
 public:
  using TimerId = std::pair<SteadyTime, std::uint64_t>;

  SteadyTime now() const noexcept { return now_; }
  /// Begins at 2026-01-01 00:00:00 UTC.
  WallTime wall() const noexcept;
  /// Somebody sets the clock: wall() jumps by `jump`, which may be negative; now() does not.
  void jump_wall(Duration jump) noexcept { wall_jump_ += jump; }
  /// From now on each look at wall() in one moment shows this much more than the one before, as
  /// real looks do.
  void tick_wall(Duration tick) noexcept { tick_ = tick; }

  /// Runs `work` when time has come to `when` (at once when that has passed), but never inside
  /// this call.
  TimerId at(SteadyTime when, std::move_only_function<void()> work);
  TimerId after(Duration delay, std::move_only_function<void()> work);
  /// No effect on a timer that has fired or never was.
  void cancel(TimerId timer) noexcept { timers_.erase(timer); }

  /// When the next timer is due, or SteadyTime::max().
  SteadyTime next() const noexcept;
  /// Jumps to the next timer and runs it. Precondition: there is one.
  void fire_next();
  /// Lets time pass up to `when`. Precondition: no timer is due before it.
  void skip_to(SteadyTime when) noexcept;

  /// A number never given out before in this world.
  std::uint64_t number() noexcept { return ++numbers_; }

  /// Adds an event to the trace: a constant name, and what was particular about it.
  void note(std::string_view event, std::uint64_t detail = 0) noexcept;
  std::uint64_t trace() const noexcept { return trace_; }
  std::uint64_t events() const noexcept { return events_; }

 private:
  // Not at zero, so that a time of zero in tested code stands out.
  SteadyTime now_{std::chrono::hours(24)};
  Duration wall_jump_{0};
  Duration tick_{0};
  mutable Duration ticked_{0};  // by looks at this moment
  mutable SteadyTime ticked_at_{};
  std::map<TimerId, std::move_only_function<void()>> timers_;
  std::uint64_t numbers_ = 0;
  std::uint64_t trace_ = 0xcbf29ce484222325;
  std::uint64_t events_ = 0;
};

}  // namespace veredus::sim
