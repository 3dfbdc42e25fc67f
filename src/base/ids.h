// Ids that people see: in replies, headers, the log, traces and bounces.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace veredus {

/// A message from acceptance to its last outcome. Ordered by time of acceptance: 42 bits of
/// milliseconds since 1970, then 22 bits that are unique within the millisecond.
/// An id is not a number: no arithmetic, no mix-ups.
enum class QueueId : std::uint64_t {};

/// One connection, ours or a peer's, while the process runs.
enum class SessionId : std::uint64_t {};

/// 13 characters of Crockford's base 32, upper case; sorts as the id does.
std::string text(QueueId id);
std::string text(SessionId id);

/// Reads what text() wrote, whatever the case; nothing for anything else.
std::optional<QueueId> parse_queue_id(std::string_view text);

}  // namespace veredus
