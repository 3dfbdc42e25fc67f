// The storage engine of the simulator: maps in memory, faults on demand.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "io/clock.h"
#include "storage/storage.h"

namespace veredus::storage {

/// Where in a commit a hook is asked.
enum class CommitPoint : std::uint8_t {
  before_apply,  ///< Nothing of the batch is durable yet.
  after_apply,   ///< All of it is, but the caller does not know.
};

struct MemoryConfig {
  Duration commit_delay{0};  ///< A commit becomes durable half-way through it.
  Duration read_delay{0};
};

/// The object is the disk and the engine in one: it outlives the simulated process that uses it.
/// A batch becomes durable at one instant, between the two halves of commit_delay; a process that
/// dies before that instant left nothing, after it everything. Unlike the contract of Storage it
/// is not thread-safe: simulation is one thread.
class MemoryStorage final : public Storage {
 public:
  /// Awaited at each CommitPoint of each commit, counted from 1. A crash is a hook that never
  /// returns; an error makes the commit fail with it, at after_apply though all of it is durable.
  using Hook = std::move_only_function<io::Task<Result<>>(CommitPoint, std::uint64_t commit)>;

  /// `clock` must outlive this object.
  explicit MemoryStorage(io::Clock& clock, MemoryConfig config = {});

  io::Task<Result<>> commit(Batch batch) override;
  io::Task<Result<std::optional<std::string>>> get(Space space, std::string key) override;
  io::Task<Result<std::vector<KeyValue>>> scan(Space space, std::string from,
                                               std::size_t limit) override;
  io::Task<Result<>> append(BlobId id, std::uint32_t chunk, Bytes octets) override;
  io::Task<Result<>> discard(BlobId id, std::uint32_t chunk_count) override;
  io::Task<Result<Bytes>> read(BlobId id, std::uint32_t chunk) override;

  /// What a restart does: sweeps chunks that no batch claimed, and forgets planned faults.
  void reopen();

  /// Replaces the hook; empty removes it.
  void set_hook(Hook hook) { hook_ = std::move(hook); }
  /// The `nth` commit from now (0: the next one) fails: unavailable or overloaded.
  void fail_commit(std::uint64_t nth, Fault fault) { failing_commits_[commits_ + 1 + nth] = fault; }
  /// The same for the calls get, scan and read together, and for append.
  void fail_read(std::uint64_t nth, Fault fault) { failing_reads_[reads_ + 1 + nth] = fault; }
  void fail_append(std::uint64_t nth, Fault fault) { failing_appends_[appends_ + 1 + nth] = fault; }

  /// Commits that were begun.
  std::uint64_t commits() const noexcept { return commits_; }
  /// Keys in all spaces but Space::trace, which outlives what it tells of.
  std::size_t keys() const noexcept;
  /// Blobs that a batch claimed, and blobs that none did.
  std::size_t blobs() const noexcept { return claimed_.size(); }
  std::size_t unclaimed_blobs() const noexcept { return unclaimed_.size(); }
  /// Calls of get, scan and read that were begun.
  std::uint64_t reads() const noexcept { return reads_; }

 private:
  using Failing = std::map<std::uint64_t, Fault>;

  io::Task<Result<>> ask_hook(CommitPoint point, std::uint64_t commit);
  io::Task<Result<>> begin_read();
  Result<> check(const Batch& batch) const;
  Result<> check_appended(BlobId id, std::uint32_t chunk_count) const;
  void erase_chunks(BlobId id, std::uint32_t chunk_count);
  void apply(Batch batch);

  io::Clock& clock_;
  MemoryConfig config_;
  Hook hook_;
  std::map<std::pair<Space, std::string>, Bytes> values_;
  std::map<std::pair<BlobId, std::uint32_t>, Bytes> chunks_;
  std::set<BlobId> claimed_;
  std::map<BlobId, std::uint32_t> unclaimed_;  ///< Chunks appended that no batch has claimed.
  Failing failing_commits_;
  Failing failing_reads_;
  Failing failing_appends_;
  std::uint64_t commits_ = 0;
  std::uint64_t reads_ = 0;
  std::uint64_t appends_ = 0;
};

}  // namespace veredus::storage
