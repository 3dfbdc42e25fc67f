// A job's body on its way into a connection.

#pragma once

#include <expected>
#include <string>

#include "base/result.h"
#include "io/connection.h"
#include "io/task.h"
#include "mail/queue/queue.h"

namespace veredus::deliver {

/// Why a body did not get to its end.
struct BodyFault {
  Error error;
  bool is_ours = false;  ///< Our storage failed, not the connection: no other host would help.
  /// It failed with the piece that ends the message, so that the peer may have all of it.
  bool at_end = false;
};

/// What send_body() sends; all outlive the call.
struct StoredBody {
  queue::Queue& queue;
  const queue::Job& job;
  const std::string& behind;  ///< Goes out in one piece with the message's end.
};

/// Writes the message as it follows DATA, its end included: dots doubled, line ends strict,
/// straight from the queue's memory. `deadline` is for each piece the peer takes. After an error
/// the message was not ended: the connection must be closed so that the peer drops it.
io::Task<std::expected<void, BodyFault>> send_body(StoredBody body, io::Connection& connection,
                                                   Duration deadline);

/// The whole body in one string, for conversion, which looks at a message as a whole. As large as
/// the message: at most accept's `message_bytes_max`. Errors: unavailable.
io::Task<Result<std::string>> load_body(queue::Queue& queue, const queue::Job& job);

/// As send_body(), for a body that was converted; precondition: not empty.
io::Task<std::expected<void, BodyFault>> send_text(const std::string& text,
                                                   const std::string& behind,
                                                   io::Connection& connection, Duration deadline);

}  // namespace veredus::deliver
