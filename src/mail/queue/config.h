// The queue's limits and its patience.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace veredus::queue {

/// What some destinations may get, by pattern of their domain or of their MX hosts: so all domains
/// that one provider hosts can share what it takes. Patterns are `example.org`, `*.example.org` for
/// the names below it, or `*`. At least one pattern, and at least one of the two bounds.
struct Limit {
  std::string name;                  ///< For people; unique.
  std::vector<std::string> domains;  ///< Of the destination: its domain or next hop's name.
  std::vector<std::string> mx;       ///< Of the MX hosts that DNS gives for it; any may match.
  /// Attempts at the same time. At least 1.
  std::optional<std::uint32_t> workers_max;
  /// Jobs handed out a minute, evenly: a second's worth may go at once. 1 to 1000000.
  std::optional<std::uint32_t> messages_per_minute;
  /// Each destination that matches has its own count; otherwise all have one together.
  bool per_destination = false;

  friend bool operator==(const Limit&, const Limit&) = default;
};

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
  /// The sender is told that a message is late when it still waits after this. 0: never; else at
  /// least 1 minute.
  std::chrono::seconds delay_warning{std::chrono::hours(4)};
  /// `retry_max` and `expire` for mail from the null sender, which is bounces: nobody is told when
  /// they fail. At least 1 s and 1 minute; more than those of other mail has no effect.
  std::chrono::seconds bounce_retry_max{std::chrono::hours(1)};
  std::chrono::seconds bounce_expire{std::chrono::hours(24)};
  /// Notices to one address that are sent at once; further ones wait, so many go a minute. The
  /// address may be forged. 1 to 100000.
  std::uint32_t notices_per_minute = 60;
  /// Every message's events are kept (mail/trace).
  bool trace = true;
  /// How long a destination that failed as a whole is left alone before the next message tries
  /// it; doubles with each further failure up to 32 times this. 1 s to 1 hour.
  std::chrono::seconds destination_pause{std::chrono::seconds(10)};

  /// Octets of bodies kept in memory for their first attempt; over it bodies are read back from
  /// storage. 0: always read back.
  std::uint64_t memory_bytes_max = std::uint64_t{256} * 1024 * 1024;
  /// Messages in the queue; over it new mail is refused with 452. At least 1.
  std::uint64_t messages_max = 4'000'000;

  /// Attempts at the same time to a destination of which nothing is known yet; one more with each
  /// that succeeds, half with each that fails. 1 to 1000; `workers_per_destination_max` binds too.
  std::uint32_t workers_start = 2;
  /// Attempts at the same time to one destination, once they succeed. 1 to `workers_max`.
  std::uint32_t workers_per_destination_max = 20;
  /// The same into mailboxes of this server, which are one destination and burden no other host.
  /// At least 1; `workers_max` binds too.
  std::uint32_t workers_local_max = 60;
  /// The name of that destination. Set by who assembles the stages; empty: there is none.
  std::string local_destination{};
  /// Attempts at the same time in all. 1 to 100000; each holds a descriptor.
  std::uint32_t workers_max = 500;
  /// Attempts at the same time from one of our addresses; 0: no bound. At most 65535, the ports.
  std::uint32_t workers_per_source_max = 0;
  /// Our addresses that attempts are made from in turn. Set by who assembles the stages. At least
  /// 1.
  std::uint32_t sources = 1;
  /// The first that matches a destination applies to it. Names are unique.
  std::vector<Limit> limits{};
  /// Recipients of one message in one transaction. 1 to 1000; RFC 5321 §4.5.3.1.8 makes every
  /// server take 100.
  std::uint32_t recipients_per_job_max = 100;

  /// Attempts at the same time in all, as `workers_max` and our addresses allow.
  std::uint32_t workers_in_all() const noexcept;

  friend bool operator==(const QueueConfig&, const QueueConfig&) = default;
};

/// The configuration, if every value is in its range. Error: malformed; the text has a line for
/// every key it rejects, with the range.
[[nodiscard]] Result<QueueConfig> checked(QueueConfig config);

}  // namespace veredus::queue
