// A message's story as programs see it: one JSON object.

#pragma once

#include <vector>

#include <boost/json/fwd.hpp>

#include "mail/queue/queue.h"
#include "mail/trace/event.h"

namespace veredus::manage {

/// {"event":"attempt","at":"2026-01-02T03:04:05.678Z","recipients":["you@far.example"],
///  "state":"deferred","attempt":1,"destination":"mx:far.example","remote":"...","reply":"...",
///  "duration_ms":12,"next_attempt":"..."}
///
/// Members that are not known, or mean nothing for that kind of event, are left out.
boost::json::object event_view(const trace::Event& event);

/// All events of a message, in a list; the first is told from `envelope` (null: nothing is known)
/// when it was not written yet.
boost::json::array events_view(const std::vector<trace::Event>& events,
                               const queue::Envelope* envelope);

}  // namespace veredus::manage
