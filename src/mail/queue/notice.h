// What the queue asks for when a sender is to be told what became of a message (RFC 3461 §4.1,
// RFC 3464). The queue decides when and of whom; the text is made by the function it was given.

#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "mail/queue/envelope.h"
#include "mail/queue/message.h"

namespace veredus::queue {

enum class NoticeKind : std::uint8_t {
  failure,  ///< Given up (RFC 3464 §2.3.3, action "failed").
  delay,    ///< Not delivered yet, still trying (action "delayed").
};

struct NoticeRequest {
  struct Item {
    std::uint32_t recipient = 0;  ///< Index into the envelope's.
    Standing standing;
  };

  NoticeKind kind = NoticeKind::failure;
  QueueId id{};  ///< The notice's own.
  const Envelope& envelope;
  std::vector<Item> recipients;  ///< At least one.
  /// The message from its first octet on: the whole of it, or its first chunk.
  std::string_view start;
  WallTime now{};
  WallTime gives_up_at{};  ///< For `delay`: when trying ends.
};

/// A notice, ready to be queued: its envelope has NoticeRequest::id, the null sender and at least
/// one recipient. Error: refused, nobody is to be told; the text says why ("the sender is null").
/// Pure and quick; called on the queue's owner.
using ComposeNotice = std::function<Result<Message>(const NoticeRequest&)>;

}  // namespace veredus::queue
