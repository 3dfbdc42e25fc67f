#include "mail/trace/record.h"

#include <chrono>
#include <utility>

#include "base/big_endian.h"
#include "mail/trace/keys.h"

namespace veredus::trace {

void Recorder::put(storage::Batch& batch, QueueId id, const std::vector<Event>& events,
                   WallTime now) {
  if (events.empty()) return;
  const auto since = std::chrono::floor<std::chrono::microseconds>(now.time_since_epoch());
  std::string key = key_prefix(id);
  put_big_endian(key, static_cast<std::uint64_t>(since.count()));
  put_big_endian(key, count_.fetch_add(1));
  batch.put(storage::Space::trace, std::move(key), Bytes(encode(events)));
}

}  // namespace veredus::trace
