// The two kinds of time. Which clock tells them is io's business (io/clock.h).

#pragma once

#include <chrono>

namespace veredus {

/// For deadlines and intervals: never jumps, means nothing outside this process.
using SteadyTime = std::chrono::steady_clock::time_point;
/// For people, headers and disk: may jump when somebody sets the clock.
using WallTime = std::chrono::system_clock::time_point;
/// How long to wait, at the steady clock's resolution; seconds and minutes convert to it.
using Duration = std::chrono::steady_clock::duration;

}  // namespace veredus
