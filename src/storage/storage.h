// What we must not forget: ordered keys (Meta) and bodies (Blob), changed in atomic batches.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "io/task.h"

namespace veredus::storage {

/// Whose keys these are. The numbers are on disk: never change or reuse one.
enum class Space : std::uint8_t {
  system = 0,       ///< Format version and what is ours.
  queue = 1,        ///< QueueId -> envelope.
  queue_state = 2,  ///< QueueId, recipient -> state, once it differs from "pending, never tried".
  settings = 3,     ///< What operators set while the server runs.
  trace = 4,        ///< QueueId, time -> events. The engine forgets the oldest: see its options.
  directory = 5,    ///< Kind and name -> domain, account or alias (docs/queue.md).
};

/// A body. Chosen by its first owner, for instance from a QueueId.
enum class BlobId : std::uint64_t {};

/// Part of a body; all but the last are kChunkBytes long.
inline constexpr std::size_t kChunkBytes = 256 * 1024;

/// Changes that happen together or not at all. Movable; its vectors are public to engines.
class Batch {
 public:
  struct Put {
    Space space;
    std::string key;
    Bytes value;
  };
  struct Erase {
    Space space;
    std::string key;
  };
  struct Expect {
    Space space;
    std::string key;
    bool present;
  };
  struct BlobPut {
    BlobId id;
    std::vector<Bytes> chunks;
    std::uint32_t first_chunk;
  };

  void put(Space space, std::string key, Bytes value) {
    puts.emplace_back(space, std::move(key), std::move(value));
  }
  void erase(Space space, std::string key) { erases.emplace_back(space, std::move(key)); }
  /// The batch is refused (Fault::refused) unless the key is, or is not, there at commit.
  void expect(Space space, std::string key, bool present) {
    expects.emplace_back(space, std::move(key), present);
  }

  /// Makes the blob real: the chunks already appended (Storage::append), `first_chunk` of them,
  /// followed by `chunks`. Until a batch with this commits, the blob does not survive a restart.
  /// The batch is refused (Fault::unavailable) unless all those chunks are still there: a disk
  /// that failed and came back may have lost some.
  void put_blob(BlobId id, std::uint32_t first_chunk, std::vector<Bytes> chunks) {
    blob_puts.emplace_back(id, std::move(chunks), first_chunk);
  }
  /// Removes a blob of `chunk_count` chunks.
  void erase_blob(BlobId id, std::uint32_t chunk_count) {
    blob_erases.emplace_back(id, chunk_count);
  }

  std::vector<Put> puts;
  std::vector<Erase> erases;
  std::vector<Expect> expects;
  std::vector<BlobPut> blob_puts;
  std::vector<std::pair<BlobId, std::uint32_t>> blob_erases;
};

struct KeyValue {
  std::string key;
  std::string value;
};

/// Reads see every batch whose commit() has returned. Thread-safe: call it from any reactor; the
/// result comes back on the caller's.
class Meta {
 public:
  virtual ~Meta() = default;

  /// Returns when the batch is on stable storage. Concurrent callers share one write and one
  /// flush (group commit). Errors, nothing of the batch applied: refused (an expect() did not
  /// hold), overloaded (less than the configured space free: say 452 4.3.1), unavailable (I/O:
  /// say 451 4.3.0).
  virtual io::Task<Result<>> commit(Batch batch) = 0;

  /// The value, or nothing. Errors: unavailable.
  virtual io::Task<Result<std::optional<std::string>>> get(Space space, std::string key) = 0;

  /// Keys of `space` from `from` on, in ascending order of octets, at most `limit`. To go on,
  /// call again with the last key and a zero octet added.
  virtual io::Task<Result<std::vector<KeyValue>>> scan(Space space, std::string from,
                                                       std::size_t limit) = 0;
};

class Blob {
 public:
  virtual ~Blob() = default;

  /// Adds chunk number `chunk` (from 0, in order) of a body too large to keep in memory. Not
  /// durable by itself: Batch::put_blob makes it so. What no batch ever claimed is swept at the
  /// next start. Errors as Meta::commit; unavailable also when the chunk before it is not there.
  virtual io::Task<Result<>> append(BlobId id, std::uint32_t chunk, Bytes octets) = 0;
  /// Throws away what append() added to a blob that will not be claimed. Does nothing to a blob
  /// that was: a commit may fail and be found done after a restart.
  virtual io::Task<Result<>> discard(BlobId id, std::uint32_t chunk_count) = 0;

  /// Errors: unavailable (I/O, or there is no such chunk: our books are wrong).
  virtual io::Task<Result<Bytes>> read(BlobId id, std::uint32_t chunk) = 0;
};

/// An engine. Both halves share its batches.
class Storage : public Meta, public Blob {};

}  // namespace veredus::storage
