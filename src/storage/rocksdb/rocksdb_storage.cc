#include "storage/rocksdb/rocksdb_storage.h"

#include <utility>

#include "io/callback.h"
#include "storage/rocksdb/committer.h"
#include "storage/rocksdb/database.h"
#include "storage/rocksdb/reclaimer.h"

namespace veredus::storage {
namespace {

io::Task<Result<>> submit(Committer& committer, Change change) {
  co_return co_await io::await_callback<Result<>>(
      [&](io::Resume<Result<>> resume) { committer.submit(std::move(change), std::move(resume)); });
}

}  // namespace

Result<std::unique_ptr<RocksdbStorage>> RocksdbStorage::open(const RocksdbOptions& options,
                                                             io::Workers& workers) {
  Result<std::unique_ptr<Database>> database = Database::open(options);
  if (!database) return fail(database.error());
  return std::unique_ptr<RocksdbStorage>(
      new RocksdbStorage(std::move(*database), options, workers));
}

RocksdbStorage::RocksdbStorage(std::unique_ptr<Database> database, const RocksdbOptions& options,
                               io::Workers& workers)
    : workers_(workers),
      database_(std::move(database)),
      committer_(std::make_unique<Committer>(*database_, options)),
      reclaimer_(std::make_unique<Reclaimer>(*database_)) {}

RocksdbStorage::~RocksdbStorage() = default;

void RocksdbStorage::stop() {
  committer_->stop();
  reclaimer_->stop();
}

io::Task<Result<>> RocksdbStorage::commit(Batch batch) {
  return submit(*committer_, std::move(batch));
}

io::Task<Result<>> RocksdbStorage::append(BlobId id, std::uint32_t chunk, Bytes octets) {
  return submit(*committer_, Append{{id, chunk}, std::move(octets)});
}

io::Task<Result<>> RocksdbStorage::discard(BlobId id, std::uint32_t chunk_count) {
  return submit(*committer_, Discard{id, chunk_count});
}

io::Task<Result<std::optional<std::string>>> RocksdbStorage::get(Space space, std::string key) {
  const std::string full_key = meta_key(space, key);
  Result<Database::Found> found = database_->find_key(full_key, Reach::memory);
  if (found && !found->known) {
    found = co_await io::run_blocking(workers_,
                                      [&] { return database_->find_key(full_key, Reach::disk); });
  }
  if (!found) co_return fail(std::move(found.error()));
  co_return std::move(found->value);
}

io::Task<Result<std::vector<KeyValue>>> RocksdbStorage::scan(Space space, std::string from,
                                                             std::size_t limit) {
  co_return co_await io::run_blocking(workers_,
                                      [&] { return database_->scan(space, from, limit); });
}

io::Task<Result<Bytes>> RocksdbStorage::read(BlobId id, std::uint32_t chunk) {
  const ChunkName name{id, chunk};
  Result<std::optional<std::string>> found =
      co_await io::run_blocking(workers_, [this, name] { return database_->read_chunk(name); });
  if (!found) co_return fail(std::move(found.error()));
  if (!*found) {
    co_return fail(Fault::unavailable, "part " + std::to_string(chunk) +
                                           " of a message body is missing from the storage");
  }
  co_return Bytes(std::move(**found));
}

Result<Report> RocksdbStorage::check(const OwnerTest& is_owned) const {
  return database_->check(is_owned);
}

Result<> RocksdbStorage::reclaim() { return database_->reclaim(); }

RocksdbStorage::Counters RocksdbStorage::counters() const {
  return {committer_->commits(), committer_->writes(), database_->flushes()};
}

}  // namespace veredus::storage
