// Database::check(): reads everything, so that every checksum is looked at.

#include <array>
#include <memory>
#include <mutex>

#include "storage/rocksdb/database.h"
#include "storage/rocksdb/status.h"

namespace veredus::storage {
namespace {

rocksdb::ReadOptions once_through() {
  rocksdb::ReadOptions how;
  how.verify_checksums = true;
  how.fill_cache = false;  // The mail in hand stays in memory while the check goes by.
  return how;
}

std::unexpected<Error> damaged(const std::string& how) {
  return veredus::fail(Fault::unavailable, "the storage is damaged: " + how);
}

Result<> outcome(const rocksdb::Iterator& at) {
  if (at.status().ok()) return {};
  return damaged(at.status().ToString());
}

}  // namespace

Result<Report> Database::check(const OwnerTest& is_owned) const {
  const std::shared_lock lock(open_mutex_);
  if (!db_) return fail_closed();
  Report report;
  report.format_version = kFormatVersion;
  Result<> counted = count_keys(report);
  for (rocksdb::ColumnFamilyHandle* family : {families_.place, families_.blob}) {
    if (counted) counted = count_chunks(family, is_owned, report);
  }
  if (!counted) return veredus::fail(counted.error());
  return report;
}

Result<> Database::count_keys(Report& report) const {
  std::array<std::uint64_t, 256> keys_in_space{};
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(once_through(), families_.meta));
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    ++keys_in_space.at(static_cast<unsigned char>(at->key()[0]));
  }
  report.messages = keys_in_space.at(std::to_underlying(Space::queue));
  report.states = keys_in_space.at(std::to_underlying(Space::queue_state));
  return outcome(*at);
}

/// Reads what lies there. What was removed meanwhile is no damage.
Result<> Database::check_place(ChunkName name, std::string_view octets) const {
  const std::optional<journal::Place> place = journal::decode_place(octets);
  if (!place) return damaged("a body's place");
  const Result<std::string> body = read_place(*place);
  if (body) return {};
  const Result<std::optional<std::string>> now = find(families_.place, chunk_key(name));
  if (now && *now != octets) return {};
  return veredus::fail(body.error());
}

Result<> Database::count_chunks(rocksdb::ColumnFamilyHandle* family, const OwnerTest& is_owned,
                                Report& report) const {
  std::optional<BlobId> blob;
  std::uint32_t expected_chunk = 0;
  bool owned = false;
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(once_through(), family));
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    const std::optional<ChunkName> name = chunk_name(at->key().ToStringView());
    if (!name) return damaged("a chunk without a name");
    if (family == families_.place) {
      if (Result<> whole = check_place(*name, at->value().ToStringView()); !whole) return whole;
    }
    if (blob != name->id) {
      blob = name->id;
      expected_chunk = 0;
      owned = is_owned(name->id);
      ++report.blobs;
    }
    ++report.chunks;
    report.orphan_chunks += owned ? 0 : 1;
    report.missing_chunks += name->chunk - expected_chunk;
    expected_chunk = name->chunk + 1;
  }
  return outcome(*at);
}

}  // namespace veredus::storage
