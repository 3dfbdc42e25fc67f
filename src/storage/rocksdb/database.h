// The open database: every call to RocksDB is behind this, and every call here may block.

#pragma once

#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include <rocksdb/db.h>
#include <rocksdb/statistics.h>

#include "base/result.h"
#include "storage/rocksdb/layout.h"
#include "storage/rocksdb/report.h"
#include "storage/rocksdb/rocksdb_options.h"

namespace veredus::storage {

/// Where a lookup may go for its answer.
enum class Reach : std::uint8_t {
  memory,  ///< Never waits for the disk: fit for a reactor.
  disk,
};

/// Thread-safe.
class Database {
 public:
  /// Opens or creates, sweeps unclaimed blobs. Errors: unavailable (in use by another process, not
  /// ours to read, damaged), refused (written by a newer version).
  static Result<std::unique_ptr<Database>> open(const RocksdbOptions& options);
  ~Database();

  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// For filling a WriteBatch.
  rocksdb::ColumnFamilyHandle* meta() const noexcept { return families_.meta; }
  rocksdb::ColumnFamilyHandle* blob() const noexcept { return families_.blob; }
  rocksdb::ColumnFamilyHandle* family_of(Space space) const noexcept {
    return space == Space::trace ? families_.trace : families_.meta;
  }

  /// One write. `durable`: returns after it, and every write before it, is on stable storage (if
  /// the options ask for that at all). Errors: overloaded (disk full), unavailable.
  Result<> write(rocksdb::WriteBatch& changes, bool durable);

  /// Makes writing possible again after an error, if the disk lets it: without closing when that
  /// is enough, else by opening anew, while reads wait. Handles from before are invalid. Unclaimed
  /// blobs stay: sessions are still streaming into them. Only the thread that writes may call it.
  Result<> recover();

  /// What a lookup found: `known` is false when only the disk could tell.
  struct Found {
    bool known = true;
    std::optional<std::string> value;
  };
  /// `key` is a meta_key().
  Result<Found> find_key(const std::string& key, Reach reach) const;
  Result<Found> find_chunk(ChunkName name, Reach reach) const;

  Result<std::vector<KeyValue>> scan(Space space, std::string_view from, std::size_t limit) const;
  Result<Report> check(const OwnerTest& is_owned) const;

  /// Flushes of the log to stable storage since open().
  std::uint64_t log_flushes() const;

 private:
  struct Families {
    rocksdb::ColumnFamilyHandle* meta = nullptr;
    rocksdb::ColumnFamilyHandle* blob = nullptr;
    rocksdb::ColumnFamilyHandle* trace = nullptr;
  };

  explicit Database(const RocksdbOptions& options);
  Result<> open_files();
  void close_files();
  Result<> check_format();
  Result<> sweep_unclaimed();
  using Pick = rocksdb::ColumnFamilyHandle* (*)(const Database&, const std::string& key);
  Result<Found> find(Pick pick, const std::string& key, Reach reach) const;
  Result<> count_keys(Report& report) const;
  Result<> count_chunks(const OwnerTest& is_owned, Report& report) const;

  RocksdbOptions options_;
  std::shared_ptr<rocksdb::Statistics> statistics_;
  /// Held shared by every use of db_, exclusively while it is opened anew.
  mutable std::shared_mutex open_mutex_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
  Families families_;
};

}  // namespace veredus::storage
