// Group commit: one thread writes for everybody, one flush for all who wait.

#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <variant>
#include <vector>

#include "storage/rocksdb/database.h"
#include "storage/rocksdb/free_space.h"

namespace veredus::storage {

/// One chunk ahead of its owner.
struct Append {
  ChunkName name;
  Bytes octets;
};

/// Chunks whose owner will never come.
struct Discard {
  BlobId id;
  std::uint32_t chunk_count;
};

using Change = std::variant<Batch, Append, Discard>;

/// While a flush is under way the next group gathers; it is written as soon as the flush returns,
/// so a lone commit never waits for company. Thread-safe.
class Committer {
 public:
  /// Called once, on the committer's thread (after stop(): inside submit()). Must not block.
  using Done = std::move_only_function<void(Result<>)>;

  /// `database` outlives the committer.
  Committer(Database& database, const RocksdbOptions& options);
  ~Committer();

  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  /// Errors given to `done`: as Meta::commit, and cancelled after stop().
  void submit(Change change, Done done);
  /// Writes what was submitted, then ends the thread.
  void stop();

  std::uint64_t commits() const noexcept { return commits_.load(std::memory_order_relaxed); }
  std::uint64_t writes() const noexcept { return writes_.load(std::memory_order_relaxed); }

 private:
  struct Request {
    Change change;
    Done done;
    Result<> result;
  };
  class Group;

  void run();
  std::vector<Request> wait_for_requests();
  void serve(std::vector<Request>& requests);
  Result<> admit(const Change& change);
  Result<journal::Position> begin();
  Result<> write(Group& group);
  void note_failure(const Error& error);
  Result<> repair_if_broken();

  Database& database_;
  const std::uint64_t free_bytes_min_;
  FreeSpace free_space_;
  bool broken_ = false;  ///< A write failed and recovery has not succeeded since.
  std::chrono::steady_clock::time_point repair_tried_;

  std::mutex mutex_;
  std::condition_variable submitted_;
  std::vector<Request> waiting_;
  bool stopping_ = false;

  std::atomic<std::uint64_t> commits_ = 0;
  std::atomic<std::uint64_t> writes_ = 0;
  std::thread thread_;
};

}  // namespace veredus::storage
