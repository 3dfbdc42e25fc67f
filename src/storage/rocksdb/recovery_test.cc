// What a start makes of what it finds: a journal that the database has not followed to its end, one
// that a power cut tore, a storage of format 1; and that room of what is gone is given back.

#include <filesystem>
#include <ranges>

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include "storage/journal/segment_file.h"
#include "storage/journal/test_support.h"
#include "storage/rocksdb/layout.h"
#include "storage/rocksdb/test_support.h"

namespace veredus::storage {
namespace {

using support::read_file;
using support::small_storage;
using support::TemporaryFolder;
using support::World;
using support::write_file;

constexpr std::size_t kBodyOctets = 6000;

std::string key_of(std::uint64_t id) { return std::to_string(1'000'000 + id); }
std::string body_of(std::uint64_t id) {
  return std::string(kBodyOctets, static_cast<char>('a' + id % 26)) + key_of(id);
}

Batch message(std::uint64_t id) {
  Batch batch;
  batch.put(Space::queue, key_of(id), Bytes("envelope " + key_of(id)));
  batch.put_blob(BlobId{id}, 0, {Bytes(body_of(id))});
  return batch;
}

Batch removal(std::uint64_t id) {
  Batch batch;
  batch.erase(Space::queue, key_of(id));
  batch.erase_blob(BlobId{id}, 1);
  return batch;
}

class RecoveryTest : public testing::Test {
 protected:
  RecoveryTest() : world_(options(folder_.path() + "/storage")) {}

  static RocksdbOptions options(const std::string& path) {
    RocksdbOptions options = small_storage(path);
    options.segment_bytes = 50'000;
    return options;
  }
  RocksdbStorage& storage() { return world_.storage(); }
  void commit(Batch batch) {
    const Result<> done = world_.run(storage().commit(std::move(batch)));
    ASSERT_TRUE(done) << done.error().text();
  }
  void commit_messages(std::uint64_t first, std::uint64_t count) {
    for (const std::uint64_t id : std::views::iota(first, first + count)) commit(message(id));
  }
  /// How many messages there are; each is whole.
  static std::size_t count_whole(World& world) {
    const auto kept = world.run(world.storage().scan(Space::queue, "", 5000));
    EXPECT_TRUE(kept);
    for (const KeyValue& entry : *kept) {
      const std::uint64_t id = std::stoull(entry.key) - 1'000'000;
      const Result<Bytes> body = world.run(world.storage().read(BlobId{id}, 0));
      EXPECT_TRUE(body) << id << ": " << body.error().text();
      if (body) EXPECT_EQ(body->view(), body_of(id));
    }
    return kept->size();
  }
  std::string journal() const { return world_path() + "/journal"; }
  std::string world_path() const { return folder_.path() + "/storage"; }
  std::vector<std::uint64_t> segments() const { return journal::list_segments(journal()).value(); }

  TemporaryFolder folder_;
  World world_;
};

// A copy of the folder is what a power cut leaves: nothing of it was closed, and the end may be
// torn.
TEST_F(RecoveryTest, WhatAPowerCutLeavesIsThePrefixThatWasWritten) {
  commit_messages(0, 30);
  const std::string copy = folder_.path() + "/copy";
  std::filesystem::copy(world_path(), copy, std::filesystem::copy_options::recursive);
  const std::string last = journal::segment_path(copy + "/journal", segments().back());
  const std::string whole = read_file(last);
  ASSERT_GT(whole.size(), 2 * kBodyOctets);
  for (const std::size_t torn : {std::size_t{0}, std::size_t{1}, kBodyOctets, whole.size() - 60}) {
    SCOPED_TRACE(torn);
    const std::string here = folder_.path() + "/torn";
    std::filesystem::remove_all(here);
    std::filesystem::copy(copy, here, std::filesystem::copy_options::recursive);
    write_file(journal::segment_path(here + "/journal", segments().back()),
               whole.substr(0, whole.size() - torn));
    World world(options(here));
    const std::size_t kept = count_whole(world);
    const std::size_t lost = (torn + kBodyOctets - 1) / kBodyOctets;
    EXPECT_LE(kept, 30 - std::min<std::size_t>(torn, 1));
    EXPECT_GE(kept, 30 - lost);
    // It goes on, and keeps all of it.
    ASSERT_TRUE(world.run(world.storage().commit(message(100))));
    world.reopen();
    EXPECT_EQ(count_whole(world), kept + 1);
  }
}

TEST_F(RecoveryTest, RemovalsAreAppliedAfterWhatTheyRemove) {
  commit_messages(0, 20);
  for (const std::uint64_t id : std::views::iota(5U, 15U)) commit(removal(id));
  const std::string copy = folder_.path() + "/copy";
  std::filesystem::copy(world_path(), copy, std::filesystem::copy_options::recursive);
  World world(options(copy));
  EXPECT_EQ(count_whole(world), 10U);
  world.reopen();
  EXPECT_EQ(count_whole(world), 10U);
}

TEST_F(RecoveryTest, AMissingSegmentIsNotPassedOver) {
  commit_messages(0, 30);
  ASSERT_GT(segments().size(), 3U);
  const std::string copy = folder_.path() + "/copy";
  std::filesystem::copy(world_path(), copy, std::filesystem::copy_options::recursive);
  std::filesystem::remove(journal::segment_path(copy + "/journal", 2));
  const auto opened = RocksdbStorage::open(options(copy), world_.workers());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault(), Fault::unavailable);
  EXPECT_TRUE(opened.error().text().contains("000000000002.journal is missing"))
      << opened.error().text();
}

TEST_F(RecoveryTest, ABodyWithAnotherOctetIsNeitherReadNorPassedByTheCheck) {
  commit_messages(0, 3);
  const std::string path = journal::segment_path(journal(), segments().front());
  std::string octets = read_file(path);
  octets[octets.find(body_of(1)) + 17] = '!';
  write_file(path, octets);
  EXPECT_TRUE(world_.run(storage().read(BlobId{0}, 0)));
  const Result<Bytes> body = world_.run(storage().read(BlobId{1}, 0));
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().fault(), Fault::unavailable);
  EXPECT_TRUE(body.error().text().contains("damaged")) << body.error().text();
  EXPECT_FALSE(storage().check([](BlobId) { return true; }));
}

TEST_F(RecoveryTest, SegmentsWithoutMailGoOnceTheyAreApplied) {
  commit_messages(0, 100);
  for (const std::uint64_t id : std::views::iota(0U, 100U)) commit(removal(id));
  ASSERT_GT(segments().size(), 10U);
  ASSERT_TRUE(storage().reclaim());
  EXPECT_LE(segments().size(), 2U);
  commit_messages(100, 1);
  EXPECT_EQ(count_whole(world_), 1U);
  world_.reopen();
  EXPECT_EQ(count_whole(world_), 1U);
}

TEST_F(RecoveryTest, SegmentsWithMailStayAndAreKnownAfterARestart) {
  commit_messages(0, 100);
  for (const std::uint64_t id : std::views::iota(0U, 100U)) {
    if (id != 50) commit(removal(id));
  }
  ASSERT_TRUE(storage().reclaim());
  EXPECT_EQ(count_whole(world_), 1U);
  EXPECT_LE(segments().size(), 3U);
  world_.reopen();
  EXPECT_EQ(count_whole(world_), 1U);
  commit(removal(50));
  commit_messages(200, 60);  // So that what is written out has come far enough.
  ASSERT_TRUE(storage().reclaim());
  EXPECT_EQ(count_whole(world_), 60U);
  EXPECT_GT(segments().front(), 50U * kBodyOctets / 50'000) << "the first of them have gone";
}

TEST_F(RecoveryTest, ABodyErasedTwiceTakesNothingOffItsNeighbours) {
  commit_messages(1, 2);
  Batch twice = removal(1);
  twice.erase_blob(BlobId{1}, 1);
  commit(std::move(twice));
  commit_messages(100, 60);
  ASSERT_TRUE(storage().reclaim());
  EXPECT_EQ(count_whole(world_), 61U);
}

TEST_F(RecoveryTest, AnEmptyPartIsReadBack) {
  Batch batch;
  batch.put_blob(BlobId{7}, 0, {Bytes(std::string())});
  commit(std::move(batch));
  for (int round = 0; round < 2; ++round) {
    const Result<Bytes> part = world_.run(storage().read(BlobId{7}, 0));
    ASSERT_TRUE(part) << part.error().text();
    EXPECT_TRUE(part->empty());
    world_.reopen();
  }
}

// Nothing is written any more that would have the database written out.
TEST_F(RecoveryTest, WhatIsLeftGoesAfterAQuietMinute) {
  commit_messages(0, 20);
  for (const std::uint64_t id : std::views::iota(0U, 20U)) commit(removal(id));
  ASSERT_TRUE(storage().reclaim());
  ASSERT_GT(segments().size(), 2U) << "too few to ask for it";
  for (int second = 0; second < 60; ++second) ASSERT_TRUE(storage().reclaim());
  EXPECT_EQ(segments().size(), 1U);
}

/// A storage as format 1 kept it: one message written out, one in RocksDB's own log.
void make_format_1(const std::string& path) {
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string_view name : {"default", "meta", "blob", "trace"}) {
    rocksdb::ColumnFamilyOptions family;
    family.enable_blob_files = name == "blob";
    families.emplace_back(std::string(name), family);
  }
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.avoid_flush_during_shutdown = true;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(options, path, families, &handles, &opened).ok());
  const std::unique_ptr<rocksdb::DB> database(opened);
  for (const std::uint64_t id : {1U, 2U}) {
    rocksdb::WriteBatch batch;
    batch.Put(handles[1], format_key(), "1");
    batch.Put(handles[1], meta_key(Space::queue, key_of(id)), "envelope");
    batch.Put(handles[2], chunk_key({BlobId{id}, 0}), body_of(id));
    ASSERT_TRUE(database->Write(rocksdb::WriteOptions(), &batch).ok());
    if (id == 1) ASSERT_TRUE(database->Flush(rocksdb::FlushOptions(), handles).ok());
  }
  // A body that was coming in.
  ASSERT_TRUE(database->Put({}, handles[1], unclaimed_key(BlobId{3}), "1").ok());
  ASSERT_TRUE(database->Put({}, handles[2], chunk_key({BlobId{3}, 0}), "unclaimed").ok());
  for (rocksdb::ColumnFamilyHandle* handle : handles)
    EXPECT_TRUE(database->DestroyColumnFamilyHandle(handle).ok());
}

TEST_F(RecoveryTest, AStorageOfFormat1GoesOnWithoutBeingCopied) {
  const std::string old = folder_.path() + "/old";
  ASSERT_NO_FATAL_FAILURE(make_format_1(old));
  World world(options(old));
  EXPECT_EQ(count_whole(world), 2U);
  EXPECT_FALSE(world.run(world.storage().read(BlobId{3}, 0))) << "swept";
  ASSERT_TRUE(world.run(world.storage().commit(message(4))));
  const Result<Report> report = world.storage().check([](BlobId) { return true; });
  ASSERT_TRUE(report);
  EXPECT_EQ(report->format_version, 2U);
  EXPECT_EQ(report->blobs, 3U);
  EXPECT_EQ(report->missing_chunks, 0U);
  world.reopen();
  EXPECT_EQ(count_whole(world), 3U);
  ASSERT_TRUE(world.run(world.storage().commit(removal(1))));
  ASSERT_TRUE(world.run(world.storage().commit(removal(4))));
  world.reopen();
  EXPECT_EQ(count_whole(world), 1U);
  EXPECT_FALSE(world.run(world.storage().read(BlobId{1}, 0)));
}

}  // namespace
}  // namespace veredus::storage
