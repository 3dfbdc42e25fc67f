// Queue ids tell when they were given.

#pragma once

#include <chrono>
#include <cstdint>

#include "base/ids.h"
#include "base/time.h"

namespace veredus::queue {

/// The low bits of an id, which tell ids of the same millisecond apart.
inline constexpr int kIdChanceBits = 22;

/// When the id was given, to the millisecond. Later than that when the clock had gone back, for ids
/// only grow.
inline WallTime time_of(QueueId id) noexcept {
  return WallTime(std::chrono::milliseconds(static_cast<std::uint64_t>(id) >> kIdChanceBits));
}

}  // namespace veredus::queue
