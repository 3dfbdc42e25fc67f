// One message into one Maildir: written to tmp, made durable, renamed into new.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "io/files.h"

namespace veredus::deliver {

/// A message for a mailbox.
struct MaildirMessage {
  std::string folder;         ///< The Maildir itself; made with tmp, new and cur when missing.
  std::string name;           ///< From maildir_name().
  std::string fields;         ///< Return-Path and Delivered-To, with CRLFs.
  std::vector<Bytes> chunks;  ///< The message as queued, with CRLFs; LF is written, as every
                              ///< reader of Maildirs expects.
};

/// `<seconds>.V<queue id>R<recipient>.<host>`: unique, and the same when a crash makes us deliver
/// again, so that the second copy takes the first one's place unless it was moved meanwhile.
std::string maildir_name(WallTime time, std::string_view queue_id, std::uint32_t recipient,
                         std::string_view hostname);

/// Blocks: call it on a worker. When it returns the message survives a power cut. Errors:
/// overloaded (no space), unavailable. Then nothing is in new, or (when only the folder's sync
/// failed) the whole message, whose place the next attempt takes.
[[nodiscard]] Result<> write_maildir(io::Files& files, const MaildirMessage& message);

}  // namespace veredus::deliver
