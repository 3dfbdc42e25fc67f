// Database: look-ups.

#include <memory>
#include <mutex>
#include <utility>

#include "storage/journal/segment_file.h"
#include "storage/rocksdb/database.h"
#include "storage/rocksdb/status.h"

namespace veredus::storage {

/// The family is picked under the lock: handles change when the database is opened anew.
Result<Database::Found> Database::find_key(const std::string& key, Reach reach) const {
  std::shared_lock lock(open_mutex_, std::defer_lock);
  if (reach == Reach::disk) lock.lock();
  if (reach == Reach::memory && !lock.try_lock()) return Found{.known = false, .value = {}};
  if (!db_) return fail_closed();
  rocksdb::ReadOptions how;
  if (reach == Reach::memory) how.read_tier = rocksdb::kBlockCacheTier;
  Found found;
  rocksdb::ColumnFamilyHandle* family = family_of(Space{static_cast<std::uint8_t>(key.front())});
  const rocksdb::Status status = db_->Get(how, family, key, &found.value.emplace());
  if (status.ok()) return found;
  if (status.IsNotFound()) return Found();
  if (status.IsIncomplete()) return Found{.known = false, .value = {}};
  return fail(status, "cannot read from the storage");
}

/// Precondition: open_mutex_ is held.
Result<std::optional<std::string>> Database::find(rocksdb::ColumnFamilyHandle* family,
                                                  const std::string& key) const {
  std::string value;
  const rocksdb::Status status = db_->Get(rocksdb::ReadOptions(), family, key, &value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return fail(status, "cannot read from the storage");
  return value;
}

Result<std::optional<journal::Place>> Database::find_place(ChunkName name) const {
  const std::shared_lock lock(open_mutex_);
  if (!db_) return fail_closed();
  const Result<std::optional<std::string>> found = find(families_.place, chunk_key(name));
  if (!found) return veredus::fail(found.error());
  if (!*found) return std::nullopt;
  const std::optional<journal::Place> place = journal::decode_place(**found);
  if (!place) return veredus::fail(Fault::unavailable, "the storage is damaged: a body's place");
  return place;
}

/// Precondition: open_mutex_ is held, or nobody else knows the database yet.
Result<> Database::for_each_place(const std::function<void(const journal::Place&)>& visit) const {
  const std::unique_ptr<rocksdb::Iterator> at(
      db_->NewIterator(rocksdb::ReadOptions(), families_.place));
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    const auto place = journal::decode_place(at->value().ToStringView());
    if (!place) return veredus::fail(Fault::unavailable, "the storage is damaged: a body's place");
    visit(*place);
  }
  if (!at->status().ok()) return fail(at->status(), "cannot read from the storage");
  return {};
}

Result<std::string> Database::read_place(const journal::Place& place) const {
  if (place.octets == 0) return std::string();
  const std::string path = journal::segment_path(journal_options_.folder, place.start.segment);
  const Result<journal::SegmentFile> file = journal::SegmentFile::open(path);
  if (!file) return veredus::fail(file.error());
  Result<std::string> octets = file->read(place.start.offset, place.octets);
  if (!octets) return octets;
  if (octets->size() == place.octets && journal::checksum_of(*octets) == place.checksum)
    return octets;
  return veredus::fail(Fault::unavailable, "the storage is damaged: a message body in " + path +
                                               " at octet " + std::to_string(place.start.offset));
}

Result<std::optional<std::string>> Database::read_chunk(ChunkName name) const {
  const Result<std::optional<journal::Place>> place = find_place(name);
  if (!place) return veredus::fail(place.error());
  if (!*place) {
    const std::shared_lock lock(open_mutex_);
    if (!db_) return fail_closed();
    return find(families_.blob, chunk_key(name));
  }
  Result<std::string> octets = read_place(**place);
  if (octets) return std::move(*octets);
  // What was removed meanwhile is no damage.
  const Result<std::optional<journal::Place>> now = find_place(name);
  if (now && *now != *place) return std::nullopt;
  return veredus::fail(octets.error());
}

Result<std::vector<KeyValue>> Database::scan(Space space, std::string_view from,
                                             std::size_t limit) const {
  const std::shared_lock lock(open_mutex_);
  if (!db_) return fail_closed();
  const std::string end = meta_end(space);
  const rocksdb::Slice end_slice(end);
  rocksdb::ReadOptions how;
  how.iterate_upper_bound = &end_slice;
  std::vector<KeyValue> found;
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(how, family_of(space)));
  for (at->Seek(meta_key(space, from)); at->Valid() && found.size() < limit; at->Next()) {
    found.emplace_back(std::string(at->key().ToStringView().substr(1)), at->value().ToString());
  }
  if (!at->status().ok()) return fail(at->status(), "cannot read from the storage");
  return found;
}

}  // namespace veredus::storage
