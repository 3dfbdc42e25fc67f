// Reading stories from storage: by message, or by searching all that is kept.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "io/task.h"
#include "mail/trace/event.h"
#include "storage/storage.h"

namespace veredus::trace {

/// All that is kept of one message.
struct Story {
  QueueId id{};
  std::vector<Event> events;  ///< In the order they happened.

  /// True when `text` is an address that sent it or that it was for, without regard to case, or
  /// its Message-ID, with or without <>.
  bool is_about(std::string_view text) const;
};

/// Goes through the stories in order of id, a page at a time. What cannot be read is skipped.
class Reader {
 public:
  /// Ids begin with their time: `from` = queue id of a time skips what is older.
  Reader(storage::Meta& meta, QueueId from);

  /// The next stories, at most `limit`; none at the end. Errors: unavailable.
  io::Task<Result<std::vector<Story>>> next(std::size_t limit);

 private:
  storage::Meta& meta_;
  std::string from_;
  std::vector<storage::KeyValue> rest_;
  bool end_ = false;
};

/// One message's story, or nothing when none is kept. Errors: unavailable.
io::Task<Result<std::optional<Story>>> find_story(storage::Meta& meta, QueueId id);

/// The least id of a message accepted at `when` or later.
QueueId first_id_at(WallTime when);

}  // namespace veredus::trace
