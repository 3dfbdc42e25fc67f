// The spool: what of the queue is on disk. docs/queue.md has the table of its states.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "io/task.h"
#include "mail/queue/envelope.h"
#include "mail/queue/queue.h"
#include "mail/trace/event.h"
#include "mail/trace/record.h"
#include "storage/storage.h"

namespace veredus::queue {

/// Where the body of a message lies.
constexpr storage::BlobId body_of(QueueId id) noexcept {
  return storage::BlobId{static_cast<std::uint64_t>(id)};
}

/// A message of our own making, with where its recipients stand.
struct Made {
  std::shared_ptr<const Envelope> envelope;
  std::vector<Bytes> chunks;
  std::vector<Standing> standings;  ///< As many as recipients.
};

/// Thread-safe, as the storage is.
class Spool {
 public:
  explicit Spool(storage::Storage& storage) : storage_(storage) {}

  /// S1/S2 -> S3 of docs/queue.md: envelope and body in one atomic batch. `message` must outlive
  /// the call. Errors as Queue::submit.
  io::Task<Result<>> commit(const Message& message);

  /// What one message came to, and what follows from it: one atomic batch.
  struct Update {
    QueueId id{};
    std::vector<std::pair<std::uint32_t, Standing>> standings;  ///< By index of recipient.
    /// S3 -> S4: envelope, standings and body go.
    struct Finish {
      std::uint32_t chunk_count = 0;
      std::vector<std::uint32_t> recorded;  ///< The recipients with a standing on disk.
    };
    std::optional<Finish> finish;
    std::vector<trace::Event> events;
    std::vector<Made> made;  ///< Notices: S1 -> S3, each.
    WallTime now{};
  };
  /// `update` must outlive the call.
  io::Task<Result<>> apply(const Update& update);
  /// Part of a message's body. Errors: unavailable.
  io::Task<Result<Bytes>> chunk(QueueId id, std::uint32_t index);

  /// The destinations that an operator paused. Errors: unavailable.
  io::Task<Result<std::vector<std::string>>> paused();
  io::Task<Result<>> set_paused(std::string destination, bool paused);

  /// A message as it is on disk, or nothing when there is none.
  io::Task<Result<std::optional<Listed>>> load(QueueId id);

 private:
  storage::Storage& storage_;
  trace::Recorder recorder_;
};

/// A message as start() needs it.
struct Brief {
  QueueId id{};
  BriefEnvelope envelope;
  std::vector<Standing> standings;  ///< As many as recipients.
};

/// Reads the messages of a queue in order of id, a page at a time. What cannot be read as a
/// message is skipped, logged as `queue_entry_damaged` and left where it is.
class SpoolReader {
 public:
  SpoolReader(storage::Meta& meta, QueueId from);

  /// The next messages, at most `limit`; none at the end.
  io::Task<Result<std::vector<Listed>>> next(std::size_t limit);
  /// The same, without what only people ask for.
  io::Task<Result<std::vector<Brief>>> next_brief(std::size_t limit);

 private:
  io::Task<Result<std::vector<storage::KeyValue>>> next_envelopes(std::size_t limit);
  io::Task<Result<std::vector<Standing>>> standings_of(QueueId id, std::size_t recipients);
  io::Task<Result<>> fill_standings();

  storage::Meta& meta_;
  std::string from_;         // where the next page of envelopes begins
  std::string states_from_;  // and of standings
  std::vector<storage::KeyValue> states_;
  std::size_t state_ = 0;  // the first of states_ that was not used
  bool states_end_ = false;
};

}  // namespace veredus::queue
