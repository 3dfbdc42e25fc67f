// The open database and its journal: every call to RocksDB is behind this, and every call here may
// block.

#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include "base/result.h"
#include "storage/journal/segments.h"
#include "storage/journal/writer.h"
#include "storage/rocksdb/layout.h"
#include "storage/rocksdb/report.h"
#include "storage/rocksdb/rocksdb_options.h"

namespace veredus::storage {

/// Where a lookup may go for its answer.
enum class Reach : std::uint8_t {
  memory,  ///< Never waits for the disk: fit for a reactor.
  disk,
};

/// What is written together. Does not own the octets of bodies.
struct WriteGroup {
  explicit WriteGroup(journal::Position start) : record(start) {}

  journal::Record record;
  rocksdb::WriteBatch changes;
  std::vector<journal::Place> placed;  ///< Bodies of the record.
  std::vector<journal::Place> freed;   ///< Bodies that nothing refers to any more.
};

/// Thread-safe, but for begin(), write() and recover(), which are for the one thread that writes.
class Database {
 public:
  /// Opens or creates, applies what the journal has and the database lacks, sweeps unclaimed blobs.
  /// Errors: unavailable (in use by another process, not ours to read, damaged), refused (written
  /// by a newer version).
  static Result<std::unique_ptr<Database>> open(const RocksdbOptions& options);
  ~Database();

  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// For filling a WriteBatch.
  rocksdb::ColumnFamilyHandle* meta() const noexcept { return families_.meta; }
  rocksdb::ColumnFamilyHandle* blob() const noexcept { return families_.blob; }
  rocksdb::ColumnFamilyHandle* place() const noexcept { return families_.place; }
  rocksdb::ColumnFamilyHandle* family_of(Space space) const noexcept {
    return space == Space::trace ? families_.trace : families_.meta;
  }

  /// Where the next group's record begins. Errors: overloaded (disk full), unavailable.
  Result<journal::Position> begin();
  /// One write to the journal and one flush; then all of it can be read. Returns after it is on
  /// stable storage (if the options ask for that at all). Errors: overloaded, unavailable.
  Result<> write(WriteGroup group);
  /// Makes writing possible again after an error, if the disk lets it. When the database lacks what
  /// the journal has it is opened anew, while reads wait; handles from before are invalid then.
  /// Unclaimed blobs stay: sessions are still streaming into them.
  Result<> recover();

  /// Gives back the room of bodies that are gone, and keeps what a start would have to read again
  /// small. To be called every second: does nothing when nothing was written since the last time,
  /// but that every minute it writes out the database when full files of the journal wait for that.
  /// Errors: unavailable, overloaded.
  Result<> reclaim();

  /// What a lookup found: `known` is false when only the disk could tell.
  struct Found {
    bool known = true;
    std::optional<std::string> value;
  };
  /// `key` is a meta_key().
  Result<Found> find_key(const std::string& key, Reach reach) const;
  /// Nothing for a chunk that is not there, or that has been in the database since format 1.
  Result<std::optional<journal::Place>> find_place(ChunkName name) const;
  /// Nothing if there is no such chunk. Errors: unavailable (I/O, damaged).
  Result<std::optional<std::string>> read_chunk(ChunkName name) const;

  Result<std::vector<KeyValue>> scan(Space space, std::string_view from, std::size_t limit) const;
  Result<Report> check(const OwnerTest& is_owned) const;

  /// Flushes of the journal to stable storage since open().
  std::uint64_t flushes() const noexcept { return flushes_.load(std::memory_order_relaxed); }

 private:
  struct Families {
    rocksdb::ColumnFamilyHandle* meta = nullptr;
    rocksdb::ColumnFamilyHandle* blob = nullptr;
    rocksdb::ColumnFamilyHandle* trace = nullptr;
    rocksdb::ColumnFamilyHandle* place = nullptr;
  };

  explicit Database(const RocksdbOptions& options);
  Result<> open_files();
  void close_files();
  Result<> check_format();
  Result<> mark_format();
  Result<> open_journal();
  Result<> sweep_unclaimed();
  Result<> count_places();
  Result<> apply(rocksdb::WriteBatch& changes, journal::Position end);
  Result<journal::Position> applied_position(rocksdb::ReadTier tier) const;
  Result<> reclaim_now(std::uint64_t segments_behind_max);
  Result<> release_unused(const std::vector<std::uint64_t>& segments);
  Result<std::optional<std::string>> find(rocksdb::ColumnFamilyHandle* family,
                                          const std::string& key) const;
  Result<> for_each_place(const std::function<void(const journal::Place&)>& visit) const;
  Result<std::string> read_place(const journal::Place& place) const;
  Result<> count_keys(Report& report) const;
  Result<> check_place(ChunkName name, std::string_view octets) const;
  Result<> count_chunks(rocksdb::ColumnFamilyHandle* family, const OwnerTest& is_owned,
                        Report& report) const;

  RocksdbOptions options_;
  journal::Options journal_options_;
  /// Held shared by every use of db_, exclusively while it is opened anew.
  mutable std::shared_mutex open_mutex_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
  Families families_;

  std::optional<journal::Writer> writer_;
  journal::Segments segments_;
  bool is_behind_ = false;                  ///< The journal has what the database refused.
  std::atomic<std::uint64_t> segment_ = 0;  ///< The one that is written to.
  std::mutex reclaim_mutex_;                ///< Held by reclaim().
  std::uint64_t reclaim_calls_ = 0;
  std::atomic<bool> changed_ = false;  ///< Since the last reclaim().
  std::atomic<std::uint64_t> flushes_ = 0;
};

}  // namespace veredus::storage
