// What the queue tells the trace.

#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "mail/queue/envelope.h"
#include "mail/queue/queue.h"
#include "mail/trace/event.h"

namespace veredus::queue {

/// The message became ours, as its envelope tells it; whoever tells of a message of which no event
/// was written yet uses it too. Its recipients are those it goes to and those that RCPT named.
trace::Event accepted_event(const Envelope& envelope);

/// One attempt: an event for each state and reply; when is left to the caller. `standing` gives a
/// recipient's, after the outcomes.
std::vector<trace::Event> events_of(const Envelope& envelope,
                                    const std::function<const Standing&(std::uint32_t)>& standing,
                                    const std::vector<Outcome>& outcomes,
                                    std::string_view destination);

}  // namespace veredus::queue
