#include "storage/rocksdb/database.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <thread>
#include <utility>

#include "base/log.h"
#include "storage/rocksdb/tuning.h"

namespace veredus::storage {
namespace {

constexpr std::chrono::milliseconds kLockPause{50};

std::unexpected<Error> fail(const rocksdb::Status& status, std::string_view doing) {
  if (status.IsNoSpace()) {
    return veredus::fail(Fault::overloaded, std::string(doing) + ": the disk is full");
  }
  return veredus::fail(Fault::unavailable, std::string(doing) + ": " + status.ToString());
}

bool is_locked(const rocksdb::Status& status) {
  const std::string text = status.ToString();
  return status.IsIOError() && text.contains("lock") && text.contains("LOCK");
}

std::unexpected<Error> fail_open(const rocksdb::Status& status, const std::string& path) {
  if (!is_locked(status)) return fail(status, "cannot open the storage in " + path);
  return veredus::fail(Fault::overloaded, "another veredus is running on the storage in " + path +
                                              ": stop it, or give this one a folder of its own");
}

/// What is in it is other people's mail: nobody else may look in. A folder that is there already
/// keeps the permissions it was given.
Result<> make_folder(const std::string& path) {
  std::error_code error;
  if (std::filesystem::create_directories(path, error)) {
    std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
  }
  if (error) {
    return veredus::fail(Fault::unavailable,
                         "cannot create the folder " + path + ": " + error.message());
  }
  return {};
}

std::unexpected<Error> fail_closed() {
  return veredus::fail(Fault::unavailable,
                       "the storage is closed since a write failed; it is opened again as soon as "
                       "the disk lets it");
}

std::shared_ptr<rocksdb::Statistics> make_statistics() {
  std::shared_ptr<rocksdb::Statistics> statistics = rocksdb::CreateDBStatistics();
  statistics->set_stats_level(rocksdb::StatsLevel::kExceptHistogramOrTimers);
  return statistics;
}

/// Every family that a newer version may have added must be opened too, or none can be.
std::vector<rocksdb::ColumnFamilyDescriptor> families_in(const std::string& path,
                                                         const Tuning& tuning) {
  std::vector<std::string> names;
  const rocksdb::Status listed = rocksdb::DB::ListColumnFamilies(tuning.database, path, &names);
  if (!listed.ok()) names.clear();  // A new folder; a damaged one shows at open.
  for (const std::string_view ours : {std::string_view(rocksdb::kDefaultColumnFamilyName),
                                      kMetaFamily, kBlobFamily, kTraceFamily}) {
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
    : options_(options), statistics_(make_statistics()) {}

Database::~Database() { close_files(); }

Result<std::unique_ptr<Database>> Database::open(const RocksdbOptions& options) {
  if (Result<> made = make_folder(options.path); !made) return veredus::fail(made.error());
  std::unique_ptr<Database> database(new Database(options));
  Result<> usable = database->open_files();
  if (usable) usable = database->check_format();
  if (usable) usable = database->sweep_unclaimed();
  if (!usable) return veredus::fail(usable.error());
  return database;
}

Result<> Database::open_files() {
  Tuning tuning = tuned(options_);
  tuning.database.statistics = statistics_;
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
  }
  return {};
}

void Database::close_files() {
  if (!db_) return;
  for (rocksdb::ColumnFamilyHandle* handle : std::exchange(handles_, {})) {
    db_->DestroyColumnFamilyHandle(handle);
  }
  families_ = Families();
  // What is not flushed is in the log; an error here would be found again at the next open.
  db_->Close().PermitUncheckedError();
  db_.reset();
}

Result<> Database::check_format() {
  std::string text;
  const rocksdb::Status status =
      db_->Get(rocksdb::ReadOptions(), families_.meta, format_key(), &text);
  if (status.IsNotFound()) {
    rocksdb::WriteBatch mark;
    mark.Put(families_.meta, format_key(), std::to_string(kFormatVersion));
    return write(mark, true);
  }
  if (!status.ok()) return fail(status, "cannot read the storage's format version");
  std::uint32_t version = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), version);
  if (parsed.ec != std::errc() || version == 0) {
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
  return {};
}

Result<> Database::sweep_unclaimed() {
  const std::string prefix = unclaimed_prefix();
  rocksdb::WriteBatch sweep;
  const std::unique_ptr<rocksdb::Iterator> found(
      db_->NewIterator(rocksdb::ReadOptions(), families_.meta));
  for (found->Seek(prefix); found->Valid() && found->key().starts_with(prefix); found->Next()) {
    const std::optional<BlobId> id = unclaimed_blob(found->key().ToStringView());
    if (!id) continue;
    const BlobId next{std::to_underlying(*id) + 1};
    sweep.DeleteRange(families_.blob, chunk_key({*id, 0}), chunk_key({next, 0}));
    sweep.Delete(families_.meta, found->key());
  }
  if (!found->status().ok()) return fail(found->status(), "cannot read the storage");
  if (sweep.Count() == 0) return {};
  log::info("storage_swept", {{"unclaimed_blobs", sweep.Count() / 2}});
  return write(sweep, true);
}

Result<> Database::write(rocksdb::WriteBatch& changes, bool durable) {
  const std::shared_lock lock(open_mutex_);
  if (!db_) return fail_closed();
  rocksdb::WriteOptions how;
  // RocksDB syncs every log file that is still unsynced, not only the newest, so this covers
  // what append() wrote before a switch of log files too.
  how.sync = durable && options_.sync;
  const rocksdb::Status status = db_->Write(how, &changes);
  if (!status.ok()) return fail(status, "cannot write to the storage");
  return {};
}

Result<> Database::recover() {
  {
    const std::shared_lock lock(open_mutex_);
    if (db_ && db_->Resume().ok()) return {};
  }
  const std::unique_lock lock(open_mutex_);
  close_files();
  return open_files();
}

/// The family is picked under the lock: handles change when the database is opened anew.
Result<Database::Found> Database::find(Pick pick, const std::string& key, Reach reach) const {
  std::shared_lock lock(open_mutex_, std::defer_lock);
  if (reach == Reach::disk) lock.lock();
  if (reach == Reach::memory && !lock.try_lock()) return Found{.known = false, .value = {}};
  if (!db_) return fail_closed();
  rocksdb::ReadOptions how;
  if (reach == Reach::memory) how.read_tier = rocksdb::kBlockCacheTier;
  Found found;
  const rocksdb::Status status = db_->Get(how, pick(*this, key), key, &found.value.emplace());
  if (status.ok()) return found;
  if (status.IsNotFound()) return Found();
  if (status.IsIncomplete()) return Found{.known = false, .value = {}};
  return fail(status, "cannot read from the storage");
}

Result<Database::Found> Database::find_key(const std::string& key, Reach reach) const {
  const auto pick = [](const Database& self, const std::string& full_key) {
    return self.family_of(Space{static_cast<std::uint8_t>(full_key.front())});
  };
  return find(pick, key, reach);
}

Result<Database::Found> Database::find_chunk(ChunkName name, Reach reach) const {
  return find([](const Database& self, const std::string&) { return self.blob(); }, chunk_key(name),
              reach);
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

std::uint64_t Database::log_flushes() const {
  return statistics_->getTickerCount(rocksdb::WAL_FILE_SYNCED);
}

}  // namespace veredus::storage
