// Database: the journal grows, the database follows.

#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "base/log.h"
#include "storage/rocksdb/database.h"
#include "storage/rocksdb/status.h"

namespace veredus::storage {
namespace {

/// Of the journal, that a start may have to read again. The database is written out for it.
constexpr std::uint64_t kSegmentsBehindMax = 4;
constexpr std::uint64_t kCallsOfAMinute = 60;

}  // namespace

Result<journal::Position> Database::begin() {
  const std::shared_lock lock(open_mutex_);
  if (!db_) return fail_closed();
  Result<journal::Position> start = writer_->begin();
  if (start) segment_ = start->segment;
  return start;
}

Result<> Database::write(WriteGroup group) {
  const std::shared_lock lock(open_mutex_);
  if (!db_) return fail_closed();
  const Result<journal::Position> end = writer_->write(group.record, group.changes.Data());
  if (!end) return veredus::fail(end.error());
  if (options_.sync) flushes_.fetch_add(1, std::memory_order_relaxed);
  changed_ = true;
  if (Result<> applied = apply(group.changes, *end); !applied) {
    is_behind_ = true;
    return applied;
  }
  for (const journal::Place& place : group.placed) segments_.add(place);
  for (const journal::Place& place : group.freed) segments_.remove(place);
  return {};
}

/// With the changes the database learns how far it is: both are written out together.
Result<> Database::apply(rocksdb::WriteBatch& changes, journal::Position end) {
  changes.Put(families_.meta, position_key(), encode(end));
  rocksdb::WriteOptions how;
  how.disableWAL = true;
  const rocksdb::Status status = db_->Write(how, &changes);
  if (!status.ok()) return fail(status, "cannot write to the storage");
  return {};
}

Result<> Database::recover() {
  if (db_ && !is_behind_) return {};  // The journal goes on in a new segment by itself.
  const std::unique_lock lock(open_mutex_);
  close_files();
  Result<> opened = open_files();
  if (opened) opened = count_places();
  if (opened) is_behind_ = false;
  if (!opened) close_files();  // Half of what was acknowledged must not be taken for all of it.
  return opened;
}

Result<journal::Position> Database::applied_position(rocksdb::ReadTier tier) const {
  rocksdb::ReadOptions how;
  how.read_tier = tier;
  std::string octets;
  const rocksdb::Status status = db_->Get(how, families_.meta, position_key(), &octets);
  if (status.IsNotFound()) return journal::Position();
  if (!status.ok()) return fail(status, "cannot read from the storage");
  const std::optional<journal::Position> position = journal::decode_position(octets);
  if (!position) {
    return veredus::fail(
        Fault::unavailable,
        "the storage is damaged: nobody can say how much of its journal is applied");
  }
  return *position;
}

Result<> Database::reclaim() {
  const std::lock_guard one_at_a_time(reclaim_mutex_);
  const bool is_minute = ++reclaim_calls_ % kCallsOfAMinute == 0;
  if (!changed_.exchange(false) && !is_minute) return {};
  Result<> done = reclaim_now(is_minute ? 0 : kSegmentsBehindMax);
  if (!done) changed_ = true;
  return done;
}

Result<> Database::reclaim_now(std::uint64_t segments_behind_max) {
  const std::shared_lock lock(open_mutex_);
  if (!db_) return {};
  Result<journal::Position> applied = applied_position(rocksdb::kPersistedTier);
  if (!applied) return veredus::fail(applied.error());
  segments_.remove_unused(applied->segment);
  if (segment_ > applied->segment + segments_behind_max) {
    const rocksdb::Status status = db_->Flush(rocksdb::FlushOptions(), handles_);
    if (!status.ok()) return fail(status, "cannot write out the storage's memory");
    applied = applied_position(rocksdb::kPersistedTier);
    if (!applied) return veredus::fail(applied.error());
    segments_.remove_unused(applied->segment);
  }
  return release_unused(segments_.sparse(applied->segment));
}

Result<> Database::release_unused(const std::vector<std::uint64_t>& segments) {
  if (segments.empty()) return {};
  std::map<std::uint64_t, std::vector<journal::Place>> used;
  for (const std::uint64_t segment : segments) used[segment];
  const Result<> looked = for_each_place([&used](const journal::Place& place) {
    if (const auto found = used.find(place.start.segment); found != used.end())
      found->second.push_back(place);
  });
  if (!looked) return looked;
  Result<> all;
  for (auto& [segment, places] : used) {
    Result<> released = segments_.release_unused(segment, std::move(places));
    if (!released) all = std::move(released);
  }
  log::info("storage_room_given_back", {{"segments", segments.size()}});
  return all;
}

}  // namespace veredus::storage
