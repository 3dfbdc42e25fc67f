// Says that we are alive while every reactor does its work.

#pragma once

#include <functional>

#include "base/time.h"
#include "io/system.h"
#include "io/task.h"

namespace veredus {

/// Every `period` asks each reactor for a sign of life; calls `alive` when all have given it by the
/// end of that period, else logs `reactor_hangs`. Runs until the reactors end, on the first one:
/// when that one hangs, nothing is said, which is as good.
io::Task<> keep_watch(io::System system, Duration period, std::function<void()> alive);

}  // namespace veredus
