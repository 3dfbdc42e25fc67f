// One message into one Maildir: written where nobody sees it, made durable, shown in new.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
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
  /// Makes show() of several drafts shorter: call it for each first. Precondition as show().
  void begin_sync();
  /// Makes the message durable and shows it in new. When new_folder() is synced after it, it
  /// survives a power cut. After an error nothing is in new. Precondition: write() was called and
  /// succeeded.
  [[nodiscard]] Result<> show();
  std::string new_folder() const { return place_.folder + "/new"; }
  /// show(), and the folder's sync. When only that fails, the whole message is in new, whose place
  /// the next attempt takes.
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

/// A whole message for one Maildir, and what came of it.
struct MaildirCopy {
  MaildirPlace place;
  const std::vector<Bytes>* chunks;  ///< Outlive the writing.
  Result<> written = fail(Fault::unavailable, "the delivery was broken off");
};

/// Writes all of them, each with a result of its own. Blocks; at most kMaildirFilesMax files are
/// open at once, which are brought to the disk together, and a folder that got several is synced
/// once for them. Nothing is left in tmp after an error, else as MaildirDraft::finish().
void write_maildirs(io::Files& files, std::span<MaildirCopy* const> copies);

inline constexpr std::size_t kMaildirFilesMax = 8;

}  // namespace veredus::deliver
