#include "io/sim/timeline.h"

#include <algorithm>
#include <utility>

namespace veredus::sim {
namespace {

constexpr std::uint64_t kFnvPrime = 0x100000001b3;
constexpr WallTime kWallStart{std::chrono::seconds(1'767'225'600)};  // 2026-01-01
constexpr SteadyTime kStart{std::chrono::hours(24)};

}  // namespace

WallTime Timeline::wall() const noexcept {
  if (std::exchange(ticked_at_, now_) != now_) ticked_ = Duration(0);
  ticked_ += tick_;
  return kWallStart +
         std::chrono::duration_cast<WallTime::duration>(now_ - kStart + wall_jump_ + ticked_);
}

Timeline::TimerId Timeline::at(SteadyTime when, std::move_only_function<void()> work) {
  const TimerId id{std::max(when, now_), number()};
  timers_.emplace(id, std::move(work));
  return id;
}

Timeline::TimerId Timeline::after(Duration delay, std::move_only_function<void()> work) {
  return at(now_ + delay, std::move(work));
}

SteadyTime Timeline::next() const noexcept {
  return timers_.empty() ? SteadyTime::max() : timers_.begin()->first.first;
}

void Timeline::fire_next() {
  auto timer = timers_.extract(timers_.begin());
  now_ = timer.key().first;
  note("timer", timer.key().second);
  timer.mapped()();
}

void Timeline::skip_to(SteadyTime when) noexcept { now_ = std::max(now_, when); }

void Timeline::note(std::string_view event, std::uint64_t detail) noexcept {
  const auto mix = [this](std::uint64_t value) { trace_ = (trace_ ^ value) * kFnvPrime; };
  for (const char c : event) mix(static_cast<unsigned char>(c));
  mix(detail);
  mix(static_cast<std::uint64_t>(now_.time_since_epoch().count()));
  trace_ ^= trace_ >> 29;  // FNV alone carries nothing from high bits to low ones.
  ++events_;
}

}  // namespace veredus::sim
