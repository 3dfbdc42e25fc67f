#include "storage/rocksdb/committer.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include <pthread.h>
#include <rocksdb/write_batch.h>

#include "base/log.h"
#include "base/text.h"

namespace veredus::storage {
namespace {

/// A group stops growing here, so that those in it don't wait for too much of others' mail.
constexpr std::size_t kGroupBytesMax = std::size_t{4} * 1024 * 1024;
constexpr std::chrono::seconds kRepairPause{1};

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

/// The write that answers several requests, whose octets it refers to.
class Committer::Group {
 public:
  Group(const Database& database, journal::Position start) : database_(database), write_(start) {}

  /// Errors: refused (an expectation does not hold; nothing was added), unavailable.
  Result<> add(const Change& change) {
    return std::visit([this](const auto& each) { return add(each); }, change);
  }
  bool empty() const { return write_.changes.Count() == 0; }
  bool is_full() const {
    return write_.changes.GetDataSize() + write_.record.bodies_octets() >= kGroupBytesMax;
  }
  WriteGroup take() { return std::move(write_); }

 private:
  using Places = std::vector<std::optional<journal::Place>>;

  Result<> add(const Batch& batch);
  Result<> add(const Append& append);
  Result<> add(const Discard& discard);
  void add_keys(const Batch& batch);
  void add_blob(const Batch::BlobPut& put);
  Result<> check(const Batch::Expect& expect) const;
  Result<> check_appended(BlobId id, std::uint32_t chunk_count) const;
  Result<std::uint32_t> count_unclaimed(BlobId id) const;
  void set_unclaimed(BlobId id, std::uint32_t chunk_count);
  void put_chunk(ChunkName name, const Bytes& octets);
  Result<std::optional<journal::Place>> place_of(ChunkName name) const;
  Result<Places> places_of(BlobId id, std::uint32_t chunk_count) const;
  void erase_chunks(BlobId id, const Places& places);

  const Database& database_;
  WriteGroup write_;
  /// Keys that earlier batches of this group put (true) or erased (false).
  std::unordered_map<std::string, bool> changed_;
  /// The same for chunks that no batch has claimed; 0: none are left.
  std::unordered_map<BlobId, std::uint32_t> unclaimed_;
  /// How many chunks of a blob are gone already by this group.
  std::unordered_map<BlobId, std::uint32_t> erased_;
  /// Where chunks lie that are in this group alone, by chunk_key().
  std::unordered_map<std::string, journal::Place> placed_;
};

Result<> Committer::Group::check(const Batch::Expect& expect) const {
  const std::string key = meta_key(expect.space, expect.key);
  bool present = false;
  if (const auto changed = changed_.find(key); changed != changed_.end()) {
    present = changed->second;
  } else {
    const Result<Database::Found> found = database_.find_key(key, Reach::disk);
    if (!found) return fail(found.error());
    present = found->value.has_value();
  }
  if (present == expect.present) return {};
  return fail(Fault::refused, present ? "the key is there already" : "the key is not there");
}

/// How many chunks of the blob were appended and not claimed.
Result<std::uint32_t> Committer::Group::count_unclaimed(BlobId id) const {
  if (const auto known = unclaimed_.find(id); known != unclaimed_.end()) return known->second;
  const Result<Database::Found> found = database_.find_key(unclaimed_key(id), Reach::disk);
  if (!found) return fail(found.error());
  return to_number<std::uint32_t>(found->value.value_or("0")).value_or(0);
}

void Committer::Group::set_unclaimed(BlobId id, std::uint32_t chunk_count) {
  if (chunk_count == 0)
    write_.changes.Delete(database_.meta(), unclaimed_key(id));
  else
    write_.changes.Put(database_.meta(), unclaimed_key(id), std::to_string(chunk_count));
  unclaimed_.insert_or_assign(id, chunk_count);
}

/// A body without its head must never be acknowledged: after a fault of the disk, what append()
/// wrote may be gone.
Result<> Committer::Group::check_appended(BlobId id, std::uint32_t chunk_count) const {
  if (chunk_count == 0) return {};
  const Result<std::uint32_t> unclaimed = count_unclaimed(id);
  if (!unclaimed) return fail(unclaimed.error());
  if (*unclaimed == chunk_count) return {};
  return fail(Fault::unavailable, "the storage lost part of a message body that was coming in");
}

/// What may fail comes first: then nothing of the batch is added.
Result<> Committer::Group::add(const Batch& batch) {
  for (const Batch::Expect& expect : batch.expects) {
    if (Result<> held = check(expect); !held) return held;
  }
  for (const Batch::BlobPut& put : batch.blob_puts) {
    if (Result<> held = check_appended(put.id, put.first_chunk); !held) return held;
  }
  std::vector<Places> erased;
  for (const auto& [id, chunk_count] : batch.blob_erases) {
    Result<Places> places = places_of(id, chunk_count);
    if (!places) return fail(places.error());
    erased.push_back(std::move(*places));
  }
  add_keys(batch);
  for (const Batch::BlobPut& put : batch.blob_puts) add_blob(put);
  for (std::size_t i = 0; i < erased.size(); ++i)
    erase_chunks(batch.blob_erases[i].first, erased[i]);
  return {};
}

void Committer::Group::add_keys(const Batch& batch) {
  for (const Batch::Put& put : batch.puts) {
    std::string key = meta_key(put.space, put.key);
    write_.changes.Put(database_.family_of(put.space), key, slice(put.value.view()));
    changed_.insert_or_assign(std::move(key), true);
  }
  for (const Batch::Erase& erase : batch.erases) {
    std::string key = meta_key(erase.space, erase.key);
    write_.changes.Delete(database_.family_of(erase.space), key);
    changed_.insert_or_assign(std::move(key), false);
  }
}

void Committer::Group::add_blob(const Batch::BlobPut& put) {
  ChunkName name{put.id, put.first_chunk};
  for (const Bytes& octets : put.chunks) {
    put_chunk(name, octets);
    ++name.chunk;
  }
  if (put.first_chunk > 0) set_unclaimed(put.id, 0);
}

Result<> Committer::Group::add(const Append& append) {
  const auto& [id, chunk] = append.name;
  if (Result<> held = check_appended(id, chunk); !held) return held;
  set_unclaimed(id, chunk + 1);
  put_chunk(append.name, append.octets);
  return {};
}

Result<> Committer::Group::add(const Discard& discard) {
  const Result<std::uint32_t> unclaimed = count_unclaimed(discard.id);
  if (!unclaimed) return fail(unclaimed.error());
  // Claimed after all: the commit that was said to have failed is there.
  if (*unclaimed == 0) return {};
  // One more may be there than the caller knows of: an append can fail and be found done, too.
  const std::uint32_t chunk_count = std::max(discard.chunk_count, *unclaimed);
  const Result<Places> places = places_of(discard.id, chunk_count);
  if (!places) return fail(places.error());
  erase_chunks(discard.id, *places);
  set_unclaimed(discard.id, 0);
  return {};
}

void Committer::Group::put_chunk(ChunkName name, const Bytes& octets) {
  const journal::Place place = write_.record.add(octets.view());
  const std::string key = chunk_key(name);
  write_.changes.Put(database_.place(), key, encode(place));
  write_.placed.push_back(place);
  placed_.insert_or_assign(key, place);
}

Result<std::optional<journal::Place>> Committer::Group::place_of(ChunkName name) const {
  if (const auto found = placed_.find(chunk_key(name)); found != placed_.end())
    return found->second;
  return database_.find_place(name);
}

/// Of each chunk from the first on; nothing for one that is not there, or in the database since
/// format 1.
Result<Committer::Group::Places> Committer::Group::places_of(BlobId id,
                                                             std::uint32_t chunk_count) const {
  Places places;
  for (std::uint32_t chunk = 0; chunk < chunk_count; ++chunk) {
    Result<std::optional<journal::Place>> place = place_of({id, chunk});
    if (!place) return fail(place.error());
    places.push_back(*place);
  }
  return places;
}

/// Each chunk once: what is freed twice would be taken off its neighbours.
void Committer::Group::erase_chunks(BlobId id, const Places& places) {
  std::uint32_t& erased = erased_[id];
  for (; erased < places.size(); ++erased) {
    const std::optional<journal::Place>& place = places[erased];
    write_.changes.Delete(place ? database_.place() : database_.blob(), chunk_key({id, erased}));
    if (place) write_.freed.push_back(*place);
  }
}

Committer::Committer(Database& database, const RocksdbOptions& options)
    : database_(database),
      free_bytes_min_(options.free_bytes_min),
      free_space_(options.path),
      thread_([this] { run(); }) {}

Committer::~Committer() { stop(); }

void Committer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  submitted_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Committer::submit(Change change, Done done) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      waiting_.emplace_back(std::move(change), std::move(done), Result<>());
      if (waiting_.size() == 1) submitted_.notify_one();
      return;
    }
  }
  done(fail(Fault::cancelled, "the storage is closing"));
}

void Committer::run() {
  ::pthread_setname_np(::pthread_self(), "committer");
  for (;;) {
    std::vector<Request> requests = wait_for_requests();
    if (requests.empty()) return;
    serve(requests);
  }
}

std::vector<Committer::Request> Committer::wait_for_requests() {
  std::unique_lock lock(mutex_);
  submitted_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
  return std::exchange(waiting_, {});
}

void Committer::serve(std::vector<Request>& requests) {
  auto first = requests.begin();
  while (first != requests.end()) {
    const Result<journal::Position> start = begin();
    const Result<> usable = start ? Result<>() : fail(start.error());
    Group group(database_, start.value_or(journal::Position()));
    auto last = first;
    for (; last != requests.end() && !group.is_full(); ++last) {
      last->result = usable ? admit(last->change) : usable;
      if (last->result) last->result = group.add(last->change);
    }
    const Result<> written = write(group);
    commits_.fetch_add(static_cast<std::uint64_t>(last - first), std::memory_order_relaxed);
    for (; first != last; ++first) {
      if (first->result) first->result = written;
      first->done(std::move(first->result));
    }
  }
}

Result<> Committer::admit(const Change& change) {
  const Batch* batch = std::get_if<Batch>(&change);
  const bool brings_mail =
      batch ? !batch->blob_puts.empty() : std::holds_alternative<Append>(change);
  const bool grows = brings_mail || (batch && !batch->puts.empty());
  if (!grows) return {};  // Removal makes room.
  // Notes about mail we have already (tried, deferred) may use what new mail may not.
  const std::uint64_t free_bytes_min = brings_mail ? free_bytes_min_ : free_bytes_min_ / 4;
  const std::uint64_t free_bytes = free_space_.bytes();
  if (free_bytes >= free_bytes_min) return {};
  return fail(Fault::overloaded, "the disk is nearly full: " + std::to_string(free_bytes) +
                                     " octets free, at least " + std::to_string(free_bytes_min) +
                                     " must stay free");
}

Result<journal::Position> Committer::begin() {
  if (Result<> repaired = repair_if_broken(); !repaired) return fail(repaired.error());
  Result<journal::Position> start = database_.begin();
  if (!start) note_failure(start.error());
  return start;
}

Result<> Committer::write(Group& group) {
  if (group.empty()) return {};
  writes_.fetch_add(1, std::memory_order_relaxed);
  Result<> written = database_.write(group.take());
  if (!written) note_failure(written.error());
  return written;
}

void Committer::note_failure(const Error& error) {
  broken_ = true;
  log::error("storage_write_failed", {{"error", error.text()}});
}

Result<> Committer::repair_if_broken() {
  if (!broken_) return {};
  const auto now = std::chrono::steady_clock::now();
  if (now - repair_tried_ < kRepairPause) {
    return fail(Fault::unavailable, "the storage failed to write and has not recovered yet");
  }
  repair_tried_ = now;
  Result<> recovered = database_.recover();
  if (!recovered) return recovered;
  if (const auto start = database_.begin(); !start) return fail(start.error());
  broken_ = false;
  log::info("storage_recovered");
  return {};
}

}  // namespace veredus::storage
