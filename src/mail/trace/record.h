// Putting events into a batch, so that a story changes together with what it tells of.

#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "mail/trace/event.h"
#include "storage/storage.h"

namespace veredus::trace {

/// Thread-safe.
class Recorder {
 public:
  /// Adds one record with `events`, which happened to message `id` by `now`. Nothing for none.
  void put(storage::Batch& batch, QueueId id, const std::vector<Event>& events, WallTime now);

 private:
  /// Keeps records apart that were written at the same time.
  std::atomic<std::uint32_t> count_{0};
};

}  // namespace veredus::trace
