// A disk that tells what became durable, at the instant it did, and whose reads may fail.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "io/sim/random.h"
#include "storage/memory/memory_storage.h"

namespace veredus::simulation {

/// What of a batch is the queue's.
struct Written {
  using Put = std::pair<std::string, std::string>;  // key, value
  std::vector<Put> envelopes;
  std::vector<Put> standings;
  std::vector<std::string> erased;  ///< Keys of envelopes.
};

/// Passes everything on to the disk below it. Outlives the processes that use it.
class WatchedStorage final : public storage::Storage {
 public:
  WatchedStorage(storage::MemoryStorage& disk, std::uint64_t seed) : disk_(disk), random_(seed) {}

  io::Task<Result<>> commit(storage::Batch batch) override {
    under_way_.insert_or_assign(disk_.commits() + 1, note(batch));
    co_return co_await disk_.commit(std::move(batch));
  }
  io::Task<Result<std::optional<std::string>>> get(storage::Space space, std::string key) override {
    if (random_.chance(read_failure_)) co_return unreadable();
    co_return co_await disk_.get(space, std::move(key));
  }
  io::Task<Result<std::vector<storage::KeyValue>>> scan(storage::Space space, std::string from,
                                                        std::size_t limit) override {
    if (random_.chance(read_failure_)) co_return unreadable();
    co_return co_await disk_.scan(space, std::move(from), limit);
  }
  io::Task<Result<>> append(storage::BlobId id, std::uint32_t chunk, Bytes octets) override {
    co_return co_await disk_.append(id, chunk, std::move(octets));
  }
  io::Task<Result<>> discard(storage::BlobId id, std::uint32_t chunk_count) override {
    co_return co_await disk_.discard(id, chunk_count);
  }
  io::Task<Result<Bytes>> read(storage::BlobId id, std::uint32_t chunk) override {
    if (random_.chance(read_failure_)) co_return unreadable();
    co_return co_await disk_.read(id, chunk);
  }

  /// What commit number `commit` wrote; for the disk's hook.
  Written take(std::uint64_t commit) {
    auto node = under_way_.extract(commit);
    return node.empty() ? Written{} : std::move(node.mapped());
  }
  /// Of each read from now on.
  void set_read_failure(double probability) noexcept { read_failure_ = probability; }
  /// The process ended: what was under way never comes.
  void forget() { under_way_.clear(); }

 private:
  static Written note(const storage::Batch& batch) {
    Written written;
    for (const auto& put : batch.puts) {
      if (put.space == storage::Space::queue)
        written.envelopes.emplace_back(put.key, put.value.view());
      if (put.space == storage::Space::queue_state)
        written.standings.emplace_back(put.key, put.value.view());
    }
    for (const auto& erase : batch.erases)
      if (erase.space == storage::Space::queue) written.erased.push_back(erase.key);
    return written;
  }
  static std::unexpected<Error> unreadable() {
    return fail(Fault::unavailable, "storage: input/output error");
  }

  storage::MemoryStorage& disk_;
  sim::SeededRandom random_;
  std::map<std::uint64_t, Written> under_way_;
  double read_failure_ = 0;
};

}  // namespace veredus::simulation
