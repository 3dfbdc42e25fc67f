// Why a message is still here, in plain words.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "mail/manage/summary.h"
#include "mail/queue/queue.h"

namespace veredus::manage {

/// What keeps a recipient from being tried at this moment. The first that is true counts.
enum class Blocker : std::uint8_t {
  over,                 ///< Nothing: it is done.
  failed,               ///< Given up; the sender is about to be told.
  held,                 ///< By an operator.
  no_server,            ///< Nothing is tried while none runs.
  destination_paused,   ///< By an operator.
  destination_failing,  ///< Left alone after failures, beyond the message's own back-off.
  back_off,             ///< Its next attempt is not due.
  rate_limit,           ///< The destination had its messages a minute.
  connections,          ///< All connections that the destination may have are busy.
  trying,               ///< It is under way, or the next to be.
  about_to_be,          ///< Nothing: a worker is about to be started.
};
/// A word for programs: `back_off`.
std::string_view name(Blocker blocker) noexcept;

/// What is known besides the message.
struct Circumstances {
  WallTime now{};
  SteadyTime steady_now{};
  bool server_runs = true;
  std::chrono::seconds expire{};  ///< A failed attempt this long after acceptance is the last.
  std::chrono::seconds bounce_expire{};  ///< The same of mail from the null sender, if less.
  std::string destination;               ///< Its name.
  /// Nothing: it has neither mail that could go now nor workers.
  std::optional<queue::DestinationView> view;
};

Blocker blocker(const queue::Standing& standing, const Circumstances& circumstances);

/// The sentence about what blocks it, when that ends and which command changes it; for a message
/// whose id is `id`.
std::string blocker_words(QueueId id, const queue::Standing& standing,
                          const Circumstances& circumstances);

/// One paragraph about `recipients` of a message, by index, which all stand as the first of them
/// does.
std::string why_message(const queue::Listed& listed, const std::vector<std::uint32_t>& recipients,
                        const Circumstances& circumstances);

/// One paragraph about a destination with what waits for it; group.messages may be 0.
std::string why_destination(const Group& group, const Circumstances& circumstances);

}  // namespace veredus::manage
