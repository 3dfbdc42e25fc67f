// The disk says no: commits fail with a reason, nothing acknowledged is lost, and when the disk
// works again so do commits. The fault is the system's own limit on the size of files.

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "storage/journal/segment_file.h"
#include "storage/journal/test_support.h"
#include "storage/rocksdb/test_support.h"

namespace veredus::storage {
namespace {

using support::FileSizeLimit;
using support::small_storage;
using support::TemporaryFolder;
using support::World;

class DiskFaultTest : public testing::Test {
 protected:
  DiskFaultTest() : world_(small_storage(folder_.path())) {}

  Result<> commit(std::uint64_t id) {
    Batch batch;
    batch.put(Space::queue, std::to_string(id), Bytes(std::string("envelope")));
    batch.put_blob(BlobId{id}, 0, {Bytes(std::string(20'000, 'b'))});
    return world_.run(world_.storage().commit(std::move(batch)));
  }
  Result<> put(std::uint64_t id, const std::string& value) {
    Batch batch;
    std::string noise = value;  // It must not compress.
    std::ranges::generate(noise, [&] { return static_cast<char>(random_() >> 24U); });
    batch.put(Space::queue_state, std::to_string(id), Bytes(std::move(noise)));
    return world_.run(world_.storage().commit(std::move(batch)));
  }
  /// Commits until one fails; how many did not.
  std::uint64_t commit_until_failure(std::uint64_t first) {
    std::uint64_t id = first;
    while (id < first + 1000 && commit(id)) ++id;
    return id - first;
  }
  void expect_all(std::uint64_t first, std::uint64_t count) {
    for (std::uint64_t id = first; id < first + count; ++id) {
      const auto envelope = world_.run(world_.storage().get(Space::queue, std::to_string(id)));
      ASSERT_TRUE(envelope && *envelope) << id;
      ASSERT_TRUE(world_.run(world_.storage().read(BlobId{id}, 0))) << id;
    }
  }

  /// Commits again and again until one succeeds, for at most 20 s.
  void expect_recovery(std::uint64_t id) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    Result<> committed = commit(id);
    while (!committed && std::chrono::steady_clock::now() < give_up) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      committed = commit(id);
    }
    ASSERT_TRUE(committed) << committed.error().text();
  }
  Result<> append(BlobId id, std::uint32_t chunk) {
    return world_.run(world_.storage().append(id, chunk, chunk_of(chunk)));
  }
  static Bytes chunk_of(std::uint32_t chunk) {
    return Bytes(std::string(kChunkBytes, static_cast<char>('a' + chunk)));
  }

  TemporaryFolder folder_;
  World world_;
  std::mt19937 random_;
};

TEST_F(DiskFaultTest, CommitsFailWhileTheDiskDoesAndRecoverByThemselves) {
  std::uint64_t accepted = 0;
  {
    const FileSizeLimit limit(512 * 1024);
    accepted = commit_until_failure(0);
    ASSERT_LT(accepted, 1000U) << "the limit had no effect";
    const FileSizeLimit tight(16);  // Now not even a new file takes anything.
    for (std::uint64_t id = 5000; id < 5003; ++id) {
      const Result<> failed = commit(id);
      ASSERT_FALSE(failed);
      EXPECT_EQ(failed.error().fault(), Fault::unavailable);
    }
  }
  expect_recovery(6000);
  expect_all(0, accepted);
  for (std::uint64_t id = 6001; id < 6100; ++id) ASSERT_TRUE(commit(id));
  world_.reopen();
  expect_all(0, accepted);
  expect_all(6000, 100);
}

// A message is coming in while the disk fails and comes back: it is accepted whole, or not at all.
TEST_F(DiskFaultTest, ABodyThatWasComingInSurvivesTheFaultWhole) {
  const BlobId id{7000};
  ASSERT_TRUE(append(id, 0));
  ASSERT_TRUE(append(id, 1));
  {
    const FileSizeLimit limit(16);
    ASSERT_FALSE(commit(1)) << "the limit had no effect";
    ASSERT_FALSE(append(BlobId{7001}, 0));
  }
  expect_recovery(2);
  ASSERT_TRUE(append(id, 2));
  Batch batch;
  batch.put(Space::queue, "7000", Bytes(std::string("envelope")));
  batch.put_blob(id, 3, {chunk_of(3)});
  const Result<> committed = world_.run(world_.storage().commit(std::move(batch)));
  ASSERT_TRUE(committed) << committed.error().text();
  for (int round = 0; round < 2; ++round) {
    for (std::uint32_t chunk = 0; chunk < 4; ++chunk) {
      const Result<Bytes> octets = world_.run(world_.storage().read(id, chunk));
      ASSERT_TRUE(octets) << octets.error().text();
      EXPECT_EQ(*octets, chunk_of(chunk)) << chunk;
    }
    world_.reopen();
  }
}

// The journal can be written, what it is applied to cannot: with so small segments only a table
// file is over the limit.
TEST_F(DiskFaultTest, WhatTheJournalHasIsAppliedWhenTheDatabaseRecovers) {
  world_.options().segment_bytes = 64 * 1024;
  world_.reopen();
  std::uint64_t accepted = 0;
  {
    const FileSizeLimit limit(256 * 1024);
    const std::string value(20'000, 'v');
    while (accepted < 2000 && put(accepted, value)) ++accepted;
    ASSERT_LT(accepted, 2000U) << "the limit had no effect";
    ASSERT_GT(accepted, 50U) << "the journal itself failed";
  }
  expect_recovery(6000);
  for (int round = 0; round < 2; ++round) {
    const auto kept = world_.run(world_.storage().scan(Space::queue_state, "", 5000));
    ASSERT_TRUE(kept);
    EXPECT_GE(kept->size(), accepted);
    EXPECT_LE(kept->size(), accepted + 1) << "the one that failed may be there";
    world_.reopen();
  }
}

// Opening it anew fails half-way, once: what was not applied then must not be left out later.
TEST_F(DiskFaultTest, AReopeningThatFailsHalfWayIsDoneAgain) {
  world_.options().segment_bytes = 64 * 1024;
  world_.reopen();
  const std::string journal = folder_.path() + "/journal";
  std::uint64_t accepted = 0;
  {
    const FileSizeLimit limit(256 * 1024);
    const std::string value(20'000, 'v');
    while (accepted < 2000 && put(accepted, value)) ++accepted;
    ASSERT_LT(accepted, 2000U) << "the limit had no effect";
    const auto numbers = journal::list_segments(journal).value();
    const std::string segment = journal::segment_path(journal, numbers[numbers.size() / 2]);
    std::filesystem::rename(segment, folder_.path() + "/aside");  // As if it could not be read.
    ASSERT_FALSE(put(5000, value));
    EXPECT_FALSE(world_.run(world_.storage().scan(Space::queue_state, "", 5000)))
        << "half of it is not all";
    std::filesystem::rename(folder_.path() + "/aside", segment);
  }
  expect_recovery(6000);
  for (int round = 0; round < 2; ++round) {
    const auto kept = world_.run(world_.storage().scan(Space::queue_state, "", 5000));
    ASSERT_TRUE(kept);
    EXPECT_GE(kept->size(), accepted);
    world_.reopen();
  }
}

}  // namespace
}  // namespace veredus::storage
