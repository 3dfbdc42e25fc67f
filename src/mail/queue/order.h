// What an operator may do to messages that wait.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.h"

namespace veredus::queue {

enum class OrderKind : std::uint8_t {
  retry,    ///< Try now, whatever the schedule says.
  hold,     ///< Do not try until released.
  release,  ///< Ends a hold; tried now.
  remove,   ///< Forget it; nobody is told.
  bounce,   ///< Give up now and tell the sender.
  reroute,  ///< Try now, at Order::route.
};

struct Order {
  OrderKind kind = OrderKind::retry;
  /// For reroute: the destination's name (`smtp:relay.example:587`); empty: where it would go by
  /// itself.
  std::string route = {};
  /// For bounce and remove: the reason, for the notice and the trace; or empty.
  std::string reason = {};
};

/// Some recipients of a message.
struct Target {
  QueueId id{};
  std::vector<std::uint32_t> recipients = {};  ///< Indexes into the envelope's; none: all.
};

}  // namespace veredus::queue
