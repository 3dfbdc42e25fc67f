#include "storage/rocksdb/tuning.h"

#include <algorithm>

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include "storage/rocksdb/engine_log.h"
#include "storage/rocksdb/layout.h"

namespace veredus::storage {
namespace {

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = 1024 * kKiB;

rocksdb::DBOptions tuned_database(const RocksdbOptions& options) {
  rocksdb::DBOptions database;
  database.create_if_missing = true;
  database.create_missing_column_families = true;
  // All families are written out together, and with them how far the journal is applied.
  database.atomic_flush = true;
  // One thread writes (Committer): what lets many write side by side would only cost.
  database.allow_concurrent_memtable_write = false;
  // Its own log has nothing but what format 1 left, and the mark of the format.
  database.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  database.avoid_flush_during_recovery = true;
  database.max_background_jobs = options.threads;
  // All of them, which compaction by age asks for; files are large and few.
  database.max_open_files = -1;
  database.bytes_per_sync = kMiB;
  database.info_log = make_engine_log();
  return database;
}

}  // namespace

Tuning tuned(const RocksdbOptions& options) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(options.memory_bytes / 4);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.cache_index_and_filter_blocks = true;

  rocksdb::ColumnFamilyOptions both;
  both.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  // A message that was delivered before its memtable is written out leaves nothing but a small
  // tombstone. While one is written out another takes new mail in, and a third may wait.
  both.write_buffer_size = options.memory_bytes / 8;
  both.max_write_buffer_number = 3;

  Tuning tuning{tuned_database(options), both, both, both, both};
  tuning.meta.compression = rocksdb::kLZ4Compression;
  tuning.place.compression = rocksdb::kNoCompression;  // Checksums are most of it.

  // Bodies as format 1 kept them, beside the tree: until they are delivered they stay here.
  tuning.blob.compression = rocksdb::kNoCompression;
  tuning.blob.enable_blob_files = true;
  tuning.blob.min_blob_size = kKiB;
  tuning.blob.blob_file_size = 256 * kMiB;
  tuning.blob.enable_blob_garbage_collection = true;
  tuning.blob.blob_garbage_collection_age_cutoff = 1.0;
  tuning.blob.blob_garbage_collection_force_threshold = 0.5;

  // Written once and hardly ever read: never rewritten but to join small files, and forgotten by
  // the file.
  tuning.trace.compaction_style = rocksdb::kCompactionStyleFIFO;
  tuning.trace.compaction_options_fifo.max_table_files_size = options.trace_bytes_max;
  tuning.trace.compaction_options_fifo.allow_compaction = true;
  // The newest file must not be the oldest too.
  tuning.trace.write_buffer_size =
      std::min<std::uint64_t>(tuning.trace.write_buffer_size, options.trace_bytes_max / 4);
  tuning.trace.ttl = static_cast<std::uint64_t>(options.trace_keep.count());
  tuning.trace.compression = rocksdb::kLZ4Compression;
  return tuning;
}

const rocksdb::ColumnFamilyOptions& Tuning::family(std::string_view name) const {
  if (name == kBlobFamily) return blob;
  if (name == kPlaceFamily) return place;
  return name == kTraceFamily ? trace : meta;
}

}  // namespace veredus::storage
