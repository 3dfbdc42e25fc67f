// The queue's limits and its patience.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/result.h"

namespace veredus::queue {

struct QueueConfig {
  /// Pause after the first failed attempt. 1 s to `retry_max`. RFC 5321 §4.5.4.1 suggests half an
  /// hour as a rule and allows cleverer schemes: a short first pause gets mail through
  /// greylisting and brief restarts.
  std::chrono::seconds retry_min{std::chrono::minutes(1)};
  /// Longest pause between attempts. At most `expire` (RFC 5321 §4.5.4.1: a few tries each day).
  std::chrono::seconds retry_max{std::chrono::hours(4)};
  /// Each pause is this many times the one before. 1 to 10.
  double retry_factor = 2.0;
  /// Share of a pause that chance may add or take, so that mail which failed together does not
  /// come back together. 0 to 0.5.
  double retry_jitter = 0.2;
  /// A failed attempt this long after acceptance is the last one. At least 1 hour; RFC 5321
  /// §4.5.4.1 asks for 4 to 5 days on the Internet.
  std::chrono::seconds expire{std::chrono::hours(24 * 5)};
  /// How long a destination that failed as a whole is left alone before the next message tries
  /// it; doubles with each further failure up to 32 times this. 1 s to 1 hour.
  std::chrono::seconds destination_pause{std::chrono::seconds(10)};

  /// Octets of bodies kept in memory for their first attempt; over it bodies are read back from
  /// storage. 0: always read back.
  std::uint64_t memory_bytes_max = std::uint64_t{256} * 1024 * 1024;
  /// Messages in the queue; over it new mail is refused with 452. At least 1.
  std::uint64_t messages_max = 4'000'000;

  /// Attempts at the same time to one destination, once they succeed; the first start with 2.
  /// 1 to `workers_max`.
  std::uint32_t workers_per_destination_max = 20;
  /// Attempts at the same time in all. 1 to 100000; each holds a descriptor.
  std::uint32_t workers_max = 500;
  /// Recipients of one message in one transaction. 1 to 1000; RFC 5321 §4.5.3.1.8 makes every
  /// server take 100.
  std::uint32_t recipients_per_job_max = 100;

  friend bool operator==(const QueueConfig&, const QueueConfig&) = default;
};

/// The configuration, if every value is in its range. Error: malformed; the text has a line for
/// every key it rejects, with the range.
[[nodiscard]] Result<QueueConfig> checked(QueueConfig config);

}  // namespace veredus::queue
