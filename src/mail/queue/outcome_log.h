// What the log says of an attempt.

#pragma once

#include "mail/queue/envelope.h"
#include "mail/queue/queue.h"
#include "mail/trace/event.h"

namespace veredus::queue {

/// `delivery_done`, `delivery_deferred` or `delivery_failed`; `standing` is the recipient's after
/// `outcome`.
void log_outcome(const Envelope& envelope, const Outcome& outcome, const Standing& standing);

/// `notice_queued` or `notice_skipped`.
void log_notice(const Envelope& envelope, const trace::Event& notice);

}  // namespace veredus::queue
