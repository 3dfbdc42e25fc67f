#include "storage/rocksdb/rocksdb_storage.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <ranges>
#include <set>

#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include "storage/rocksdb/layout.h"
#include "storage/rocksdb/test_support.h"

namespace veredus::storage {
namespace {

using support::small_storage;
using support::TemporaryFolder;
using support::World;

bool everything_is_owned(BlobId) { return true; }

Bytes octets(std::size_t size, char fill) { return Bytes(std::string(size, fill)); }

Batch message(std::uint64_t id, std::size_t body_size) {
  Batch batch;
  batch.put(Space::queue, std::to_string(id), Bytes("envelope of " + std::to_string(id)));
  batch.put_blob(BlobId{id}, 0, {octets(body_size, 'b')});
  return batch;
}

Batch removal(std::uint64_t id) {
  Batch batch;
  batch.erase(Space::queue, std::to_string(id));
  batch.erase_blob(BlobId{id}, 1);
  return batch;
}

/// Commits messages `first` .. `first + count - 1`, one after the other; how many were accepted.
io::Task<int> commit_messages(RocksdbStorage& storage, std::uint64_t first, std::uint64_t count) {
  int accepted = 0;
  for (std::uint64_t id = first; id < first + count; ++id) {
    Result<> committed = co_await storage.commit(message(id, 4096));
    if (committed) ++accepted;
  }
  co_return accepted;
}

class RocksdbStorageTest : public testing::Test {
 protected:
  RocksdbStorageTest() : world_(small_storage(folder_.path() + "/storage")) {}

  RocksdbStorage& storage() { return world_.storage(); }
  Result<> commit(Batch batch) { return world_.run(storage().commit(std::move(batch))); }
  bool has(std::uint64_t id) {
    const auto found = world_.run(storage().get(Space::queue, std::to_string(id)));
    return found && found->has_value();
  }

  TemporaryFolder folder_;
  World world_;
};

TEST_F(RocksdbStorageTest, ConcurrentCommitsShareFlushesAndSurviveReopening) {
  constexpr std::uint64_t kTasks = 100;
  constexpr std::uint64_t kEach = 20;
  std::vector<std::future<int>> tasks;
  for (const std::uint64_t task : std::views::iota(std::uint64_t{0}, kTasks)) {
    tasks.push_back(world_.start(commit_messages(storage(), task * kEach, kEach), task % 2));
  }
  for (std::future<int>& task : tasks) EXPECT_EQ(task.get(), kEach);

  const RocksdbStorage::Counters counters = storage().counters();
  EXPECT_EQ(counters.commits, kTasks * kEach);
  EXPECT_LT(counters.writes, counters.commits / 4);
  EXPECT_LT(counters.flushes, counters.commits / 4);
  EXPECT_GE(counters.flushes, counters.writes);  // A write that does not flush is no commit.

  world_.reopen();
  const auto kept = world_.run(storage().scan(Space::queue, "", 2 * kTasks * kEach));
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->size(), kTasks * kEach);
}

TEST_F(RocksdbStorageTest, OneOfManyWhoExpectAbsenceWins) {
  std::vector<std::future<Result<>>> tasks;
  for (const std::uint64_t task : std::views::iota(0U, 60U)) {
    Batch batch;
    batch.expect(Space::queue, "the key", false);
    batch.put(Space::queue, "the key", Bytes(std::to_string(task)));
    tasks.push_back(world_.start(storage().commit(std::move(batch)), task % 2));
  }
  int winners = 0;
  for (std::future<Result<>>& task : tasks) {
    const Result<> result = task.get();
    if (result) ++winners;
    if (!result) {
      EXPECT_EQ(result.error().fault(), Fault::refused);
    }
  }
  EXPECT_EQ(winners, 1);
}

TEST_F(RocksdbStorageTest, WithoutSyncNothingWaitsForTheDisk) {
  world_.options().sync = false;
  world_.reopen();
  const std::uint64_t before = storage().counters().flushes;
  ASSERT_TRUE(commit(message(1, 100)));
  EXPECT_EQ(storage().counters().flushes, before);
  world_.reopen();
  EXPECT_TRUE(has(1));
}

TEST_F(RocksdbStorageTest, UnclaimedBlobsAreSweptAndClaimedOnesKept) {
  for (const std::uint64_t id : {1U, 2U}) {
    ASSERT_TRUE(world_.run(storage().append(BlobId{id}, 0, octets(kChunkBytes, 'a'))));
    ASSERT_TRUE(world_.run(storage().append(BlobId{id}, 1, octets(kChunkBytes, 'b'))));
  }
  Batch claim;
  claim.put_blob(BlobId{2}, 2, {octets(10, 'c')});
  ASSERT_TRUE(commit(std::move(claim)));

  world_.reopen();
  EXPECT_FALSE(world_.run(storage().read(BlobId{1}, 0)));
  for (const auto& [chunk, want] :
       {std::pair(0U, octets(kChunkBytes, 'a')), std::pair(1U, octets(kChunkBytes, 'b')),
        std::pair(2U, octets(10, 'c'))}) {
    const Result<Bytes> got = world_.run(storage().read(BlobId{2}, chunk));
    ASSERT_TRUE(got);
    EXPECT_EQ(*got, want);
  }
  world_.reopen();  // A second sweep finds nothing to do.
  EXPECT_TRUE(world_.run(storage().read(BlobId{2}, 0)));
}

TEST_F(RocksdbStorageTest, DiscardedBlobsAreGoneAtOnce) {
  ASSERT_TRUE(world_.run(storage().append(BlobId{1}, 0, octets(kChunkBytes, 'a'))));
  ASSERT_TRUE(world_.run(storage().discard(BlobId{1}, 1)));
  EXPECT_FALSE(world_.run(storage().read(BlobId{1}, 0)));
  const Result<Report> report = storage().check(&everything_is_owned);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->chunks, 0U);
}

TEST_F(RocksdbStorageTest, OldMailIsReadFromDiskByWorkers) {
  constexpr std::uint64_t kMessages = 120;  // 30 MB: more than stays in memory.
  for (std::uint64_t id = 0; id < kMessages; ++id) {
    ASSERT_TRUE(commit(message(id, kChunkBytes)));
  }
  EXPECT_EQ(world_.workers().jobs(), 0);
  world_.reopen();
  for (std::uint64_t id = 0; id < kMessages; ++id) {
    const Result<Bytes> body = world_.run(storage().read(BlobId{id}, 0));
    ASSERT_TRUE(body) << body.error().text();
    EXPECT_EQ(*body, octets(kChunkBytes, 'b'));
  }
  EXPECT_GT(world_.workers().jobs(), 10);
}

TEST_F(RocksdbStorageTest, NearlyFullDiskRefusesNewMailOnly) {
  ASSERT_TRUE(commit(message(1, 100)));
  const std::uint64_t free_now = std::filesystem::space(folder_.path()).available;
  world_.options().free_bytes_min = free_now * 2;
  world_.reopen();

  const Result<> refused = commit(message(2, 100));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault(), Fault::overloaded);
  const Result<> append = world_.run(storage().append(BlobId{3}, 0, octets(10, 'a')));
  ASSERT_FALSE(append);
  EXPECT_EQ(append.error().fault(), Fault::overloaded);
  Batch note;
  note.put(Space::queue_state, "1", Bytes("deferred"));
  EXPECT_TRUE(commit(std::move(note)));
  EXPECT_TRUE(commit(removal(1)));
  EXPECT_FALSE(has(1));
}

TEST_F(RocksdbStorageTest, FullDiskRefusesAllButRemoval) {
  ASSERT_TRUE(commit(message(1, 100)));
  world_.options().free_bytes_min = std::numeric_limits<std::uint64_t>::max();
  world_.reopen();
  Batch note;
  note.put(Space::queue_state, "1", Bytes("deferred"));
  const Result<> refused = commit(std::move(note));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault(), Fault::overloaded);
  EXPECT_TRUE(commit(removal(1)));
}

TEST_F(RocksdbStorageTest, SecondOpenerIsToldWhy) {
  RocksdbOptions options = world_.options();
  options.lock_patience = std::chrono::milliseconds(100);
  const auto second = RocksdbStorage::open(options, world_.workers());
  ASSERT_FALSE(second);
  EXPECT_TRUE(second.error().text().starts_with("another veredus is running on the storage in"))
      << second.error().text();
}

TEST_F(RocksdbStorageTest, NobodyElseMayLookIntoItsFolder) {
  const auto status = std::filesystem::status(world_.options().path);
  EXPECT_EQ(status.permissions(), std::filesystem::perms::owner_all);
}

/// Makes it a storage as it was before there were traces.
void drop_traces(const std::string& path) {
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string_view name : {"default", "meta", "blob", "place", "trace"}) {
    families.emplace_back(std::string(name), rocksdb::ColumnFamilyOptions());
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* database = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(rocksdb::DBOptions(), path, families, &handles, &database).ok());
  EXPECT_TRUE(database->DropColumnFamily(handles.back()).ok());
  for (rocksdb::ColumnFamilyHandle* handle : handles) {
    EXPECT_TRUE(database->DestroyColumnFamilyHandle(handle).ok());
  }
  const std::unique_ptr<rocksdb::DB> closed_here(database);
}

Batch event(int number, std::size_t size = 100) {
  Batch batch;
  batch.put(Space::trace, std::to_string(1'000'000 + number), octets(size, 'e'));
  return batch;
}

TEST_F(RocksdbStorageTest, StorageFromBeforeTracesGetsThem) {
  ASSERT_TRUE(commit(message(1, 10)));
  world_.close();
  drop_traces(world_.options().path);
  world_.reopen();
  ASSERT_TRUE(commit(event(1)));
  world_.reopen();
  EXPECT_TRUE(has(1));
  const auto found = world_.run(storage().scan(Space::trace, "", 10));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().key, "1000001");
}

TEST_F(RocksdbStorageTest, TheOldestTracesGo) {
  world_.options().trace_bytes_max = 1024 * 1024;
  world_.reopen();
  constexpr int kEvents = 600;
  for (const int number : std::views::iota(0, kEvents)) {
    // Octets that do not compress, and enough of them to be written out many times.
    Batch batch = event(number);
    std::string value(64 * 1024, 'x');
    std::ranges::generate(value, [state = static_cast<std::uint32_t>(number)]() mutable {
      state = (state * 1664525U) + 1013904223U;
      return static_cast<char>(state >> 24U);
    });
    batch.put(Space::trace, std::to_string(2'000'000 + number), Bytes(std::move(value)));
    ASSERT_TRUE(commit(std::move(batch)));
  }
  world_.reopen();
  const auto found = world_.run(storage().scan(Space::trace, "2", kEvents));
  ASSERT_TRUE(found);
  EXPECT_LT(found->size(), kEvents / 2);
  ASSERT_FALSE(found->empty());
  EXPECT_EQ(found->back().key, std::to_string(2'000'000 + kEvents - 1));
}

TEST_F(RocksdbStorageTest, FolderThatCannotBeIsNamed) {
  RocksdbOptions options = small_storage("/dev/null/storage");
  const auto opened = RocksdbStorage::open(options, world_.workers());
  ASSERT_FALSE(opened);
  EXPECT_TRUE(opened.error().text().contains("/dev/null/storage")) << opened.error().text();
}

/// Writes `version` as a later program would, with a family that we have never heard of.
void write_format_version(const std::string& path, const std::string& version) {
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string_view name : {"default", "meta", "blob", "trace", "place", "later"}) {
    families.emplace_back(std::string(name), rocksdb::ColumnFamilyOptions());
  }
  rocksdb::DBOptions options;
  options.create_missing_column_families = true;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* database = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(options, path, families, &handles, &database).ok());
  EXPECT_TRUE(database->Put(rocksdb::WriteOptions(), handles[1], format_key(), version).ok());
  for (rocksdb::ColumnFamilyHandle* handle : handles) {
    EXPECT_TRUE(database->DestroyColumnFamilyHandle(handle).ok());
  }
  const std::unique_ptr<rocksdb::DB> closed_here(database);
}

TEST_F(RocksdbStorageTest, NewerFormatIsRefused) {
  world_.close();
  write_format_version(world_.options().path, "3");
  const auto opened = RocksdbStorage::open(world_.options(), world_.workers());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault(), Fault::refused);
  EXPECT_TRUE(opened.error().text().contains("written by a newer veredus"))
      << opened.error().text();
}

TEST_F(RocksdbStorageTest, UnreadableFormatIsDamage) {
  world_.close();
  write_format_version(world_.options().path, "one");
  const auto opened = RocksdbStorage::open(world_.options(), world_.workers());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault(), Fault::unavailable);
  EXPECT_TRUE(opened.error().text().contains("\"one\"")) << opened.error().text();
}

TEST_F(RocksdbStorageTest, CheckCountsMessagesOrphansAndGaps) {
  ASSERT_TRUE(commit(message(1, 100)));
  ASSERT_TRUE(commit(message(2, 100)));
  Batch whole;
  whole.put_blob(BlobId{3}, 0, {octets(10, 'a'), octets(10, 'b'), octets(10, 'c')});
  ASSERT_TRUE(commit(std::move(whole)));
  Batch gap;
  gap.erase_blob(BlobId{3}, 2);
  ASSERT_TRUE(commit(std::move(gap)));
  const Result<Report> report = storage().check([](BlobId id) { return id != BlobId{2}; });
  ASSERT_TRUE(report);
  EXPECT_EQ(report->format_version, kFormatVersion);
  EXPECT_EQ(report->messages, 2U);
  EXPECT_EQ(report->states, 0U);
  EXPECT_EQ(report->blobs, 3U);
  EXPECT_EQ(report->chunks, 3U);
  EXPECT_EQ(report->orphan_chunks, 1U);
  EXPECT_EQ(report->missing_chunks, 2U);
}

TEST_F(RocksdbStorageTest, AfterStopCommitsAreCancelled) {
  storage().stop();
  const Result<> late = commit(message(1, 100));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().fault(), Fault::cancelled);
}

}  // namespace
}  // namespace veredus::storage
