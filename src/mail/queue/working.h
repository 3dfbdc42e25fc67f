// A message of which more than its entries in the schedule is in memory. Private to the queue.

#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "io/clock.h"
#include "mail/queue/envelope.h"
#include "mail/queue/schedule.h"
#include "mail/trace/event.h"

namespace veredus::queue {

/// It is fresh, under way, or what it came to is not on disk yet.
struct Working {
  struct Part {
    Standing standing;
    DestinationId destination = kNoDestination;  ///< Set while it is open or busy.
    bool busy = false;                           ///< In a job that was not reported yet.
    bool changed = false;                        ///< Its standing is not on disk yet.
    bool recorded = false;                       ///< Some standing of it is on disk.
    bool is_late = false;                        ///< The sender is to be told that it takes long.

    bool is_over() const noexcept { return queue::is_over(standing.state); }
    bool is_open() const noexcept { return !busy && !standing.held && !is_final(standing.state); }
    /// Given up, and nobody knows it yet.
    bool is_untold() const noexcept { return standing.state == State::failed; }
    /// Late, and nobody knows it yet; no longer when it got through or failed meanwhile.
    bool is_late_untold() const noexcept { return is_late && standing.state == State::deferred; }
  };

  std::shared_ptr<const Envelope> envelope;  ///< Null while it is being loaded.
  SenderKey sender{};
  std::vector<Part> parts;           ///< As many as recipients.
  std::vector<Bytes> chunks;         ///< The body, until the first attempt of all recipients.
  std::vector<trace::Event> events;  ///< Not on disk yet.
  std::uint64_t charged = 0;         ///< Octets of the memory budget.
  /// Accepted by this process: pending recipients keep it here, but for those whose destination
  /// will not be tried soon.
  bool fresh = false;
  bool is_traced = false;                          ///< Its acceptance is in the trace.
  bool writing = false;                            ///< A task brings its changes to disk.
  std::vector<std::weak_ptr<io::Signal>> waiting;  ///< For its being loaded, or written.
};

}  // namespace veredus::queue
