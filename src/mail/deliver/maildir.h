// One message into one Maildir: written where nobody sees it, made durable, shown in new.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "io/files.h"

namespace veredus::deliver {

/// Where a message goes, and what is written on top of it.
struct MaildirPlace {
  std::string folder;             ///< The Maildir itself; made with tmp, new and cur when missing.
  std::string name;               ///< From maildir_name().
  std::string fields;             ///< Return-Path and Delivered-To, with CRLFs.
  std::uint64_t quota_bytes = 0;  ///< What the Maildir may hold; 0: anything.
};

/// `<seconds>.V<queue id>R<recipient>.<host>`: unique, and the same when a crash makes us deliver
/// again, so that the second copy takes the first one's place unless it was moved meanwhile.
std::string maildir_name(WallTime time, std::string_view queue_id, std::uint32_t recipient,
                         std::string_view hostname);

/// One message on its way into one Maildir, piece by piece. All but the constructor and destructor
/// block: call them on a worker. A draft that was not finished must be discarded.
/// Errors of all: overloaded (no space), unavailable.
class MaildirDraft {
 public:
  /// Borrows `files`; the first write() touches them.
  MaildirDraft(io::Files& files, MaildirPlace place);

  /// The next octets of the message as queued: line ends are CRLF, and a piece may end between the
  /// two. LF is written, as every reader of Maildirs expects.
  [[nodiscard]] Result<> write(std::string_view octets);
  /// Makes the message durable and shows it in new: when this succeeds it survives a power cut.
  /// After an error nothing is in new, or (when only the folder's sync failed) the whole message,
  /// whose place the next attempt takes. Precondition: write() was called and succeeded.
  [[nodiscard]] Result<> finish();
  /// Removes what may be in tmp. What cannot be removed is overwritten by the next attempt.
  void discard();

 private:
  Result<> begin();

  io::Files& files_;
  MaildirPlace place_;
  std::string draft_;               // path in tmp, for a file system that wants one
  std::unique_ptr<io::File> file_;  // null before begin() and after the end
};

/// A whole message at once. Blocks; nothing is left in tmp after an error, else as
/// MaildirDraft::finish().
[[nodiscard]] Result<> write_maildir(io::Files& files, MaildirPlace place,
                                     const std::vector<Bytes>& chunks);

}  // namespace veredus::deliver
