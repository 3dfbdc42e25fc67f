// A message on its way into the queue.

#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "mail/queue/envelope.h"

namespace veredus::queue {

/// A message about to become ours.
struct Message {
  Envelope envelope;
  std::uint32_t appended = 0;  ///< Chunks already streamed out with Queue::append().
  std::vector<Bytes> chunks;   ///< The chunks after those.
};

}  // namespace veredus::queue
