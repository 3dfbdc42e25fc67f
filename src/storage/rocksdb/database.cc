#include "storage/rocksdb/database.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <mutex>
#include <thread>
#include <utility>

#include "base/log.h"
#include "io/real_files.h"
#include "storage/journal/replay.h"
#include "storage/rocksdb/status.h"
#include "storage/rocksdb/tuning.h"

namespace veredus::storage {
namespace {

constexpr std::chrono::milliseconds kLockPause{50};

bool is_locked(const rocksdb::Status& status) {
  const std::string text = status.ToString();
  return status.IsIOError() && text.contains("lock") && text.contains("LOCK");
}

std::unexpected<Error> fail_open(const rocksdb::Status& status, const std::string& path) {
  if (!is_locked(status)) return fail(status, "cannot open the storage in " + path);
  return veredus::fail(Fault::overloaded, "another veredus is running on the storage in " + path +
                                              ": stop it, or give this one a folder of its own");
}

/// Every family that a newer version may have added must be opened too, or none can be.
std::vector<rocksdb::ColumnFamilyDescriptor> families_in(const std::string& path,
                                                         const Tuning& tuning) {
  std::vector<std::string> names;
  const rocksdb::Status listed = rocksdb::DB::ListColumnFamilies(tuning.database, path, &names);
  if (!listed.ok()) names.clear();  // A new folder; a damaged one shows at open.
  for (const std::string_view ours : {std::string_view(rocksdb::kDefaultColumnFamilyName),
                                      kMetaFamily, kBlobFamily, kTraceFamily, kPlaceFamily}) {
    if (std::ranges::find(names, ours) == names.end()) names.emplace_back(ours);
  }
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string& name : names) {
    families.emplace_back(name, tuning.family(name));
  }
  return families;
}

}  // namespace

Database::Database(const RocksdbOptions& options)
    : options_(options),
      journal_options_{.folder = options.path + "/" + std::string(kJournalFolder),
                       .sync = options.sync,
                       .segment_octets = options.segment_bytes} {}

Database::~Database() { close_files(); }

Result<std::unique_ptr<Database>> Database::open(const RocksdbOptions& options) {
  std::unique_ptr<Database> database(new Database(options));
  // Mode 0700: what is in it is other people's mail. One that is there already keeps its own.
  Result<> made = io::RealFiles().make_directories(database->journal_options_.folder);
  if (!made) return veredus::fail(made.error());
  Result<> usable = database->open_files();
  if (usable) usable = database->sweep_unclaimed();
  if (usable) usable = database->count_places();
  if (!usable) return veredus::fail(usable.error());
  return database;
}

Result<> Database::open_files() {
  const Tuning tuning = tuned(options_);
  const auto descriptors = families_in(options_.path, tuning);
  rocksdb::DB* opened = nullptr;
  rocksdb::Status status;
  // A command that only looks has the storage open for a moment: that must not keep a server from
  // starting.
  for (std::chrono::milliseconds waited{0};; waited += kLockPause) {
    status = rocksdb::DB::Open(tuning.database, options_.path, descriptors, &handles_, &opened);
    if (!is_locked(status) || waited >= options_.lock_patience) break;
    std::this_thread::sleep_for(kLockPause);
  }
  if (!status.ok()) return fail_open(status, options_.path);
  db_.reset(opened);
  for (rocksdb::ColumnFamilyHandle* handle : handles_) {
    if (handle->GetName() == kMetaFamily) families_.meta = handle;
    if (handle->GetName() == kBlobFamily) families_.blob = handle;
    if (handle->GetName() == kTraceFamily) families_.trace = handle;
    if (handle->GetName() == kPlaceFamily) families_.place = handle;
  }
  if (Result<> known = check_format(); !known) return known;
  return open_journal();
}

void Database::close_files() {
  if (!db_) return;
  for (rocksdb::ColumnFamilyHandle* handle : std::exchange(handles_, {})) {
    db_->DestroyColumnFamilyHandle(handle);
  }
  families_ = Families();
  // What is not written out is in the journal; an error here would be found again at the next open.
  db_->Close().PermitUncheckedError();
  db_.reset();
}

Result<> Database::check_format() {
  std::string text;
  const rocksdb::Status status =
      db_->Get(rocksdb::ReadOptions(), families_.meta, format_key(), &text);
  if (!status.ok() && !status.IsNotFound())
    return fail(status, "cannot read the storage's format version");
  std::uint32_t version = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), version);
  if (status.ok() && (parsed.ec != std::errc() || version == 0)) {
    return veredus::fail(Fault::unavailable, "the storage in " + options_.path +
                                                 " is damaged: its format version reads \"" + text +
                                                 "\"");
  }
  if (version > kFormatVersion) {
    return veredus::fail(Fault::refused,
                         "the storage in " + options_.path + " has format " + text +
                             ", written by a newer veredus; this one reads up to format " +
                             std::to_string(kFormatVersion) + ": run the newer version");
  }
  return version == kFormatVersion ? Result<>() : mark_format();
}

/// Of a new storage, or of one whose bodies are still in the database. RocksDB's own log takes
/// this: at the next start it is read before the journal is.
Result<> Database::mark_format() {
  rocksdb::WriteOptions how;
  how.sync = true;
  const rocksdb::Status status =
      db_->Put(how, families_.meta, format_key(), std::to_string(kFormatVersion));
  if (!status.ok()) return fail(status, "cannot write to the storage");
  return {};
}

/// Applies what the database did not write out before it was closed, or killed.
Result<> Database::open_journal() {
  const Result<journal::Position> from = applied_position(rocksdb::kReadAllTier);
  if (!from) return veredus::fail(from.error());
  std::uint64_t records = 0;
  const auto apply_record = [&](std::string octets, journal::Position end) {
    rocksdb::WriteBatch changes(std::move(octets));
    ++records;
    return apply(changes, end);
  };
  const Result<journal::Position> end =
      journal::replay(journal_options_.folder, *from, apply_record);
  if (!end) return veredus::fail(end.error());
  if (records > 0) log::info("storage_replayed", {{"records", records}});
  writer_.emplace(journal_options_, *end, segments_);
  return {};
}

/// Not in the journal: where this is lost, the next start does it again.
Result<> Database::sweep_unclaimed() {
  const std::string prefix = unclaimed_prefix();
  rocksdb::WriteBatch sweep;
  std::uint64_t blobs = 0;
  const std::unique_ptr<rocksdb::Iterator> found(
      db_->NewIterator(rocksdb::ReadOptions(), families_.meta));
  for (found->Seek(prefix); found->Valid() && found->key().starts_with(prefix); found->Next()) {
    const std::optional<BlobId> id = unclaimed_blob(found->key().ToStringView());
    if (!id) continue;
    const BlobId next{std::to_underlying(*id) + 1};
    for (rocksdb::ColumnFamilyHandle* family : {families_.place, families_.blob})
      sweep.DeleteRange(family, chunk_key({*id, 0}), chunk_key({next, 0}));
    sweep.Delete(families_.meta, found->key());
    ++blobs;
  }
  if (!found->status().ok()) return fail(found->status(), "cannot read the storage");
  if (blobs == 0) return {};
  log::info("storage_swept", {{"unclaimed_blobs", blobs}});
  rocksdb::WriteOptions how;
  how.disableWAL = true;
  const rocksdb::Status status = db_->Write(how, &sweep);
  if (!status.ok()) return fail(status, "cannot write to the storage");
  return {};
}

/// Finds out what is in use in each segment.
Result<> Database::count_places() {
  if (Result<> loaded = segments_.load(journal_options_.folder); !loaded) return loaded;
  return for_each_place([this](const journal::Place& place) { segments_.add(place); });
}

}  // namespace veredus::storage
