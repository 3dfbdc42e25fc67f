// What every storage engine must do (storage/storage.h), as tests. An engine's test file includes
// this once, implements Engine, and says
//
//   INSTANTIATE_TEST_SUITE_P(RocksDb, StorageContract, testing::Values(&make_rocksdb_engine));

#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "storage/storage.h"

namespace veredus::storage {

/// An engine under test, empty at first.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual Storage& storage() = 0;
  /// Ends the engine and starts it again on the same data. storage() may be another object then.
  virtual void reopen() = 0;
  /// Runs the task until it has returned.
  virtual void run(io::Task<> task) = 0;
};

using MakeEngine = std::unique_ptr<Engine> (*)();

class StorageContract : public testing::TestWithParam<MakeEngine> {
 protected:
  Storage& storage() { return engine_->storage(); }
  void reopen() { engine_->reopen(); }

  Result<> commit(Batch batch) { return run(storage().commit(std::move(batch))); }

  /// The value, "(none)" or the error's text in brackets.
  std::string get(std::string key, Space space = Space::queue) {
    const auto value = run(storage().get(space, std::move(key)));
    if (!value) return "[" + value.error().text() + "]";
    return value->value_or("(none)");
  }

  void put(std::string key, std::string value, Space space = Space::queue) {
    Batch batch;
    batch.put(space, std::move(key), Bytes(std::move(value)));
    const auto done = commit(std::move(batch));
    ASSERT_TRUE(done) << done.error().text();
  }

  /// "key=value key=value ..."
  std::string scan(std::string from, std::size_t limit = 100, Space space = Space::queue) {
    const auto found = run(storage().scan(space, std::move(from), limit));
    if (!found) return "[" + found.error().text() + "]";
    std::string text;
    for (const KeyValue& entry : *found) {
      text += (text.empty() ? "" : " ") + entry.key + "=" + entry.value;
    }
    return text;
  }

  Result<> append(BlobId id, std::uint32_t chunk, std::string octets) {
    return run(storage().append(id, chunk, Bytes(std::move(octets))));
  }

  /// The chunk, or "(fault)" for a chunk that is not there.
  std::string read(BlobId id, std::uint32_t chunk) {
    const auto octets = run(storage().read(id, chunk));
    if (octets) return std::string(octets->view());
    return octets.error().fault() == Fault::unavailable ? "(unavailable)" : "(other fault)";
  }

  Result<> claim(BlobId id, std::uint32_t first_chunk, std::vector<std::string> chunks) {
    Batch batch;
    std::vector<Bytes> bytes;
    for (std::string& chunk : chunks) bytes.emplace_back(std::move(chunk));
    batch.put_blob(id, first_chunk, std::move(bytes));
    return commit(std::move(batch));
  }

  template <class T>
  T run(io::Task<T> task) {
    std::optional<T> result;
    engine_->run(keep(std::move(task), result));
    return std::move(result).value();
  }

 private:
  template <class T>
  static io::Task<> keep(io::Task<T> task, std::optional<T>& result) {
    T value = co_await std::move(task);
    result.emplace(std::move(value));
  }

  std::unique_ptr<Engine> engine_ = GetParam()();
};

TEST_P(StorageContract, AnEmptyEngineHasNothing) {
  EXPECT_EQ(get("a"), "(none)");
  EXPECT_EQ(scan(""), "");
  EXPECT_EQ(read(BlobId{1}, 0), "(unavailable)");
}

TEST_P(StorageContract, PutReplacesAndEraseRemoves) {
  put("a", "1");
  EXPECT_EQ(get("a"), "1");
  put("a", "2");
  EXPECT_EQ(get("a"), "2");
  Batch batch;
  batch.erase(Space::queue, "a");
  batch.erase(Space::queue, "was never there");
  EXPECT_TRUE(commit(std::move(batch)));
  EXPECT_EQ(get("a"), "(none)");
}

TEST_P(StorageContract, EmptyValuesAndBinaryOctetsAreKept) {
  put("empty", "");
  EXPECT_EQ(get("empty"), "");
  const std::string binary("\0\xff\r\n\0", 5);
  put(binary, binary);
  EXPECT_EQ(get(binary), binary);
}

TEST_P(StorageContract, SpacesDoNotMix) {
  put("k", "queue", Space::queue);
  put("k", "state", Space::queue_state);
  EXPECT_EQ(get("k", Space::queue), "queue");
  EXPECT_EQ(get("k", Space::queue_state), "state");
  EXPECT_EQ(get("k", Space::system), "(none)");
  EXPECT_EQ(scan("", 100, Space::queue), "k=queue");
  EXPECT_EQ(scan("", 100, Space::queue_state), "k=state");
}

TEST_P(StorageContract, ScanIsInOrderOfOctetsWhateverTheOrderOfWriting) {
  for (const char* key : {"b", "aa", "\xff", "c", "a", "B"}) put(key, "v");
  EXPECT_EQ(scan(""), "B=v a=v aa=v b=v c=v \xff=v");
  EXPECT_EQ(scan("aa"), "aa=v b=v c=v \xff=v") << "from is included";
  EXPECT_EQ(scan("ab"), "b=v c=v \xff=v") << "from need not exist";
}

TEST_P(StorageContract, ScanPagesWithoutGapOrRepetition) {
  for (int i = 0; i < 25; ++i) put("key" + std::to_string(100 + i), std::to_string(i));
  std::string from;
  std::vector<std::string> keys;
  for (;;) {
    const auto page = run(storage().scan(Space::queue, from, 10));
    ASSERT_TRUE(page) << page.error().text();
    ASSERT_LE(page->size(), 10U);
    if (page->empty()) break;
    for (const KeyValue& entry : *page) keys.push_back(entry.key);
    from = page->back().key + '\0';
  }
  EXPECT_EQ(keys.size(), 25U);
  EXPECT_TRUE(std::ranges::is_sorted(keys));
  EXPECT_EQ(std::ranges::adjacent_find(keys), keys.end());
}

TEST_P(StorageContract, ExpectHoldsOrNothingHappens) {
  put("there", "1");

  Batch wrong_present;
  wrong_present.expect(Space::queue, "missing", true);
  wrong_present.put(Space::queue, "x", Bytes("x"));
  wrong_present.erase(Space::queue, "there");
  wrong_present.put_blob(BlobId{7}, 0, {Bytes("body")});
  const auto refused = commit(std::move(wrong_present));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault(), Fault::refused);

  Batch wrong_absent;
  wrong_absent.expect(Space::queue, "there", false);
  wrong_absent.put(Space::queue, "there", Bytes("2"));
  const auto also_refused = commit(std::move(wrong_absent));
  ASSERT_FALSE(also_refused);
  EXPECT_EQ(also_refused.error().fault(), Fault::refused);

  EXPECT_EQ(scan(""), "there=1");
  EXPECT_EQ(read(BlobId{7}, 0), "(unavailable)");
}

TEST_P(StorageContract, ExpectThatHoldsLetsTheBatchThrough) {
  put("there", "1");
  Batch batch;
  batch.expect(Space::queue, "there", true);
  batch.expect(Space::queue, "missing", false);
  batch.expect(Space::queue_state, "there", false);
  batch.put(Space::queue, "there", Bytes("2"));
  batch.put(Space::queue, "missing", Bytes("3"));
  EXPECT_TRUE(commit(std::move(batch)));
  EXPECT_EQ(scan(""), "missing=3 there=2");
}

TEST_P(StorageContract, ABlobInABatchCanBeReadChunkByChunk) {
  const std::string full(kChunkBytes, 'f');
  ASSERT_TRUE(claim(BlobId{5}, 0, {full, "tail"}));
  EXPECT_EQ(read(BlobId{5}, 0), full);
  EXPECT_EQ(read(BlobId{5}, 1), "tail");
  EXPECT_EQ(read(BlobId{5}, 2), "(unavailable)");
  EXPECT_EQ(read(BlobId{6}, 0), "(unavailable)");
}

TEST_P(StorageContract, AppendedChunksAndTheBatchsMakeOneBlob) {
  const std::string first(kChunkBytes, '1');
  const std::string second(kChunkBytes, '2');
  ASSERT_TRUE(append(BlobId{9}, 0, first));
  ASSERT_TRUE(append(BlobId{9}, 1, second));
  ASSERT_TRUE(claim(BlobId{9}, 2, {"end"}));
  reopen();
  EXPECT_EQ(read(BlobId{9}, 0), first);
  EXPECT_EQ(read(BlobId{9}, 1), second);
  EXPECT_EQ(read(BlobId{9}, 2), "end");
}

TEST_P(StorageContract, WhatNoBatchClaimedIsSweptAtTheNextStart) {
  ASSERT_TRUE(append(BlobId{11}, 0, "orphan"));
  ASSERT_TRUE(append(BlobId{12}, 0, "claimed"));
  ASSERT_TRUE(claim(BlobId{12}, 1, {}));
  reopen();
  EXPECT_EQ(read(BlobId{11}, 0), "(unavailable)");
  EXPECT_EQ(read(BlobId{12}, 0), "claimed");
}

TEST_P(StorageContract, DiscardThrowsAwayWhatWasAppended) {
  ASSERT_TRUE(append(BlobId{13}, 0, "a"));
  ASSERT_TRUE(append(BlobId{13}, 1, "b"));
  ASSERT_TRUE(run(storage().discard(BlobId{13}, 2)));
  EXPECT_EQ(read(BlobId{13}, 0), "(unavailable)");
  EXPECT_EQ(read(BlobId{13}, 1), "(unavailable)");
}

TEST_P(StorageContract, ABodyWithoutItsHeadIsNeverClaimed) {
  const auto refuse = [this](BlobId id, std::uint32_t first_chunk) {
    Batch batch;
    batch.put(Space::queue, "envelope", Bytes("e"));
    batch.put_blob(id, first_chunk, {Bytes("tail")});
    const Result<> refused = commit(std::move(batch));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault(), Fault::unavailable);
    EXPECT_EQ(get("envelope"), "(none)");
    EXPECT_EQ(read(id, first_chunk), "(unavailable)");
  };
  ASSERT_TRUE(append(BlobId{31}, 0, "swept"));
  reopen();
  refuse(BlobId{31}, 1);
  EXPECT_FALSE(append(BlobId{31}, 1, "no head")) << "it is said as soon as it is known";
  refuse(BlobId{31}, 2);

  ASSERT_TRUE(append(BlobId{32}, 0, "head"));
  refuse(BlobId{32}, 2);
  ASSERT_TRUE(claim(BlobId{32}, 1, {"tail"}));
  EXPECT_EQ(read(BlobId{32}, 0), "head");
  EXPECT_EQ(read(BlobId{32}, 1), "tail");
}

TEST_P(StorageContract, DiscardDoesNothingToWhatABatchClaimed) {
  ASSERT_TRUE(append(BlobId{33}, 0, "head"));
  ASSERT_TRUE(claim(BlobId{33}, 1, {"tail"}));
  ASSERT_TRUE(run(storage().discard(BlobId{33}, 1)));
  EXPECT_EQ(read(BlobId{33}, 0), "head");
  EXPECT_EQ(read(BlobId{33}, 1), "tail");
}

TEST_P(StorageContract, EraseRemovesEveryChunkOfABlobAndNoOther) {
  ASSERT_TRUE(claim(BlobId{1}, 0, {"neighbour before"}));
  ASSERT_TRUE(claim(BlobId{2}, 0, {std::string(kChunkBytes, 'x'), "y"}));
  ASSERT_TRUE(claim(BlobId{3}, 0, {"neighbour after"}));
  Batch batch;
  batch.erase_blob(BlobId{2}, 2);
  ASSERT_TRUE(commit(std::move(batch)));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(read(BlobId{1}, 0), "neighbour before");
    EXPECT_EQ(read(BlobId{2}, 0), "(unavailable)");
    EXPECT_EQ(read(BlobId{2}, 1), "(unavailable)");
    EXPECT_EQ(read(BlobId{3}, 0), "neighbour after");
    reopen();
  }
}

TEST_P(StorageContract, WhatWasCommittedSurvivesARestart) {
  Batch batch;
  batch.put(Space::queue, "envelope", Bytes("e"));
  batch.put(Space::queue_state, "state", Bytes("s"));
  batch.put_blob(BlobId{21}, 0, {Bytes("body")});
  ASSERT_TRUE(commit(std::move(batch)));
  reopen();
  EXPECT_EQ(get("envelope"), "e");
  EXPECT_EQ(get("state", Space::queue_state), "s");
  EXPECT_EQ(read(BlobId{21}, 0), "body");

  Batch erase;
  erase.erase(Space::queue, "envelope");
  erase.erase_blob(BlobId{21}, 1);
  ASSERT_TRUE(commit(std::move(erase)));
  reopen();
  EXPECT_EQ(get("envelope"), "(none)");
  EXPECT_EQ(get("state", Space::queue_state), "s");
  EXPECT_EQ(read(BlobId{21}, 0), "(unavailable)");
}

TEST_P(StorageContract, LargeBatchesAreOneBatch) {
  Batch batch;
  for (int i = 0; i < 2000; ++i) {
    batch.put(Space::queue, std::to_string(10'000 + i), Bytes(std::string(100, 'v')));
  }
  ASSERT_TRUE(commit(std::move(batch)));
  reopen();
  const auto all = run(storage().scan(Space::queue, "", 5000));
  ASSERT_TRUE(all) << all.error().text();
  EXPECT_EQ(all->size(), 2000U);
}

TEST_P(StorageContract, AnEmptyBatchCommits) { EXPECT_TRUE(commit(Batch())); }

}  // namespace veredus::storage
