// The embedded storage: a journal and a RocksDB database in one folder, nothing else needed.

#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "io/workers.h"
#include "storage/rocksdb/report.h"
#include "storage/rocksdb/rocksdb_options.h"
#include "storage/storage.h"

namespace veredus::storage {

class Committer;
class Database;
class Reclaimer;

/// Recovers by itself: after a write error commits fail until the disk works again, then go on.
///
/// A commit that failed with unavailable or overloaded because the *disk* did may, like one that
/// a crash cut off, still be there after the next start: nobody was told it is, so the worst is a
/// message sent twice.
class RocksdbStorage final : public Storage {
 public:
  struct Counters {
    std::uint64_t commits = 0;  ///< commit(), append() and discard() answered.
    std::uint64_t writes = 0;   ///< Writes they shared.
    std::uint64_t flushes = 0;  ///< Of the journal to stable storage.
  };

  /// Blocks. Creates what is missing, sweeps blobs that nobody claimed. `workers` outlives it.
  /// Errors: overloaded (another process has it open for longer than lock_patience, or the disk is
  /// full), unavailable (no permission, damaged), refused (written by a newer version).
  static Result<std::unique_ptr<RocksdbStorage>> open(const RocksdbOptions& options,
                                                      io::Workers& workers);
  ~RocksdbStorage() override;

  /// Writes what was submitted and ends the thread; what comes later is cancelled. Blocks.
  void stop();

  io::Task<Result<>> commit(Batch batch) override;
  io::Task<Result<std::optional<std::string>>> get(Space space, std::string key) override;
  io::Task<Result<std::vector<KeyValue>>> scan(Space space, std::string from,
                                               std::size_t limit) override;
  io::Task<Result<>> append(BlobId id, std::uint32_t chunk, Bytes octets) override;
  io::Task<Result<>> discard(BlobId id, std::uint32_t chunk_count) override;
  io::Task<Result<Bytes>> read(BlobId id, std::uint32_t chunk) override;

  /// Reads everything and verifies checksums. Blocks for as long as that takes; commits go on.
  /// Errors: unavailable (damage, I/O).
  Result<Report> check(const OwnerTest& is_owned) const;

  /// Gives back the room of what is gone, as happens by itself every second. Blocks. Errors:
  /// unavailable.
  Result<> reclaim();

  Counters counters() const;

 private:
  RocksdbStorage(std::unique_ptr<Database> database, const RocksdbOptions& options,
                 io::Workers& workers);

  io::Workers& workers_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<Reclaimer> reclaimer_;
};

}  // namespace veredus::storage
