#include "storage/memory/memory_storage.h"

#include <algorithm>
#include <utility>

namespace veredus::storage {
namespace {

/// The planned failure of call number `call`, if there is one.
Result<> planned(const std::map<std::uint64_t, Fault>& failing, std::uint64_t call) {
  const auto found = failing.find(call);
  if (found == failing.end()) return {};
  return fail(found->second, found->second == Fault::overloaded
                                 ? "storage: less free space than required"
                                 : "storage: input/output error");
}

}  // namespace

MemoryStorage::MemoryStorage(io::Clock& clock, MemoryConfig config)
    : clock_(clock), config_(config) {}

io::Task<Result<>> MemoryStorage::commit(Batch batch) {
  const std::uint64_t number = ++commits_;
  if (auto failed = planned(failing_commits_, number); !failed) co_return failed;
  co_await clock_.sleep_for(config_.commit_delay / 2);
  Result<> before = co_await ask_hook(CommitPoint::before_apply, number);
  if (!before) co_return before;
  if (auto checked = check(batch); !checked) co_return checked;
  apply(std::move(batch));
  Result<> after = co_await ask_hook(CommitPoint::after_apply, number);
  co_await clock_.sleep_for(config_.commit_delay / 2);
  co_return after;
}

io::Task<Result<>> MemoryStorage::ask_hook(CommitPoint point, std::uint64_t commit) {
  if (!hook_) co_return Result<>();
  co_return co_await hook_(point, commit);
}

Result<> MemoryStorage::check(const Batch& batch) const {
  for (const Batch::Expect& expect : batch.expects) {
    if (values_.contains({expect.space, expect.key}) == expect.present) continue;
    return fail(Fault::refused, expect.present ? "storage: an expected key is missing"
                                               : "storage: a key exists already");
  }
  for (const Batch::BlobPut& put : batch.blob_puts) {
    if (auto held = check_appended(put.id, put.first_chunk); !held) return held;
  }
  return {};
}

Result<> MemoryStorage::check_appended(BlobId id, std::uint32_t chunk_count) const {
  if (chunk_count == 0) return {};
  const auto known = unclaimed_.find(id);
  if (known != unclaimed_.end() && known->second == chunk_count) return {};
  return fail(Fault::unavailable, "storage: a body's chunks were not all appended");
}

void MemoryStorage::erase_chunks(BlobId id, std::uint32_t chunk_count) {
  for (std::uint32_t chunk = 0; chunk < chunk_count; ++chunk) chunks_.erase({id, chunk});
}

void MemoryStorage::apply(Batch batch) {
  for (Batch::Put& put : batch.puts) {
    values_.insert_or_assign({put.space, std::move(put.key)}, std::move(put.value));
  }
  for (Batch::Erase& erase : batch.erases) values_.erase({erase.space, std::move(erase.key)});
  for (Batch::BlobPut& put : batch.blob_puts) {
    claimed_.insert(put.id);
    if (put.first_chunk > 0) unclaimed_.erase(put.id);
    std::uint32_t chunk = put.first_chunk;
    for (Bytes& octets : put.chunks) chunks_.insert_or_assign({put.id, chunk++}, std::move(octets));
  }
  for (const auto& [id, chunk_count] : batch.blob_erases) {
    claimed_.erase(id);
    erase_chunks(id, chunk_count);
  }
}

io::Task<Result<>> MemoryStorage::begin_read() {
  const std::uint64_t number = ++reads_;
  if (config_.read_delay > Duration::zero()) co_await clock_.sleep_for(config_.read_delay);
  co_return planned(failing_reads_, number);
}

io::Task<Result<std::optional<std::string>>> MemoryStorage::get(Space space, std::string key) {
  Result<> begun = co_await begin_read();
  if (!begun) co_return fail(begun.error());
  const auto found = values_.find({space, std::move(key)});
  if (found == values_.end()) co_return std::nullopt;
  co_return std::string(found->second.view());
}

io::Task<Result<std::vector<KeyValue>>> MemoryStorage::scan(Space space, std::string from,
                                                            std::size_t limit) {
  Result<> begun = co_await begin_read();
  if (!begun) co_return fail(begun.error());
  std::vector<KeyValue> found;
  for (auto entry = values_.lower_bound({space, std::move(from)});
       entry != values_.end() && entry->first.first == space && found.size() < limit; ++entry) {
    found.emplace_back(entry->first.second, std::string(entry->second.view()));
  }
  co_return found;
}

io::Task<Result<>> MemoryStorage::append(BlobId id, std::uint32_t chunk, Bytes octets) {
  const std::uint64_t number = ++appends_;
  if (auto failed = planned(failing_appends_, number); !failed) co_return failed;
  co_await clock_.sleep_for(config_.read_delay);
  if (auto held = check_appended(id, chunk); !held) co_return held;
  unclaimed_.insert_or_assign(id, chunk + 1);
  chunks_.insert_or_assign({id, chunk}, std::move(octets));
  co_return Result<>();
}

io::Task<Result<>> MemoryStorage::discard(BlobId id, std::uint32_t chunk_count) {
  const auto known = unclaimed_.find(id);
  if (known == unclaimed_.end()) co_return Result<>();
  erase_chunks(id, std::max(chunk_count, known->second));
  unclaimed_.erase(known);
  co_return Result<>();
}

io::Task<Result<Bytes>> MemoryStorage::read(BlobId id, std::uint32_t chunk) {
  Result<> begun = co_await begin_read();
  if (!begun) co_return fail(begun.error());
  const auto found = chunks_.find({id, chunk});
  if (found == chunks_.end()) co_return fail(Fault::unavailable, "storage: no such chunk");
  co_return found->second;
}

void MemoryStorage::reopen() {
  for (const auto& [id, chunk_count] : std::exchange(unclaimed_, {})) erase_chunks(id, chunk_count);
  hook_ = nullptr;
  failing_commits_.clear();
  failing_reads_.clear();
  failing_appends_.clear();
}

std::size_t MemoryStorage::keys() const noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(
      values_, [](const auto& entry) { return entry.first.first != Space::trace; }));
}

}  // namespace veredus::storage
