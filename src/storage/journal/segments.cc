#include "storage/journal/segments.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include <unistd.h>

#include "storage/journal/segment_file.h"

namespace veredus::storage::journal {
namespace {

constexpr std::uint64_t kPageOctets = 4096;
/// Less is not worth a look at everything that is kept.
constexpr std::uint64_t kWasteOctetsMin = std::uint64_t{64} * 1024 * 1024;

constexpr std::size_t kSparesMax = 2;

/// Gives back the whole pages between two octets.
Result<> release_pages(SegmentFile& file, std::uint64_t begin, std::uint64_t end) {
  begin = (begin + kPageOctets - 1) / kPageOctets * kPageOctets;
  end = end / kPageOctets * kPageOctets;
  if (begin >= end) return {};
  return file.release(begin, end - begin);
}

}  // namespace

Result<> Segments::load(std::string folder) {
  const Result<std::vector<std::uint64_t>> numbers = list_segments(folder);
  if (!numbers) return fail(numbers.error());
  const Result<std::vector<std::uint64_t>> spares = list_spares(folder);
  if (!spares) return fail(spares.error());
  const std::lock_guard lock(mutex_);
  folder_ = std::move(folder);
  segments_.clear();
  for (const std::uint64_t number : *numbers) segments_.try_emplace(number);
  spares_ = *spares;
  return {};
}

void Segments::begin(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  segments_.try_emplace(number);
}

void Segments::add(const Place& place) {
  const std::lock_guard lock(mutex_);
  Use& use = segments_[place.start.segment];
  ++use.bodies;
  use.octets += place.octets;
}

void Segments::remove(const Place& place) {
  const std::lock_guard lock(mutex_);
  const auto found = segments_.find(place.start.segment);
  if (found == segments_.end()) return;
  Use& use = found->second;
  use.bodies -= std::min<std::uint64_t>(use.bodies, 1);
  use.octets -= std::min<std::uint64_t>(use.octets, place.octets);
}

std::uint64_t Segments::remove_unused(std::uint64_t number) {
  std::vector<std::uint64_t> unused;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [each, use] : segments_) {
      if (each < number && use.bodies == 0) unused.push_back(each);
    }
  }
  // What is not in use is not in use again: nobody waits for the file system meanwhile.
  std::erase_if(unused, [this](std::uint64_t each) { return !remove(each); });
  const std::lock_guard lock(mutex_);
  for (const std::uint64_t each : unused) segments_.erase(each);
  return unused.size();
}

bool Segments::remove(std::uint64_t number) {
  const std::string path = segment_path(folder_, number);
  const bool keep = [this] {
    const std::lock_guard lock(mutex_);
    return spares_.size() < kSparesMax;
  }();
  if (!keep) return ::unlink(path.c_str()) == 0 || errno == ENOENT;
  if (std::rename(path.c_str(), spare_path(folder_, number).c_str()) != 0) return errno == ENOENT;
  const std::lock_guard lock(mutex_);
  spares_.push_back(number);
  return true;
}

bool Segments::take_spare(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (spares_.empty()) return false;
  const std::string spare = spare_path(folder_, spares_.back());
  spares_.pop_back();
  return std::rename(spare.c_str(), path.c_str()) == 0;
}

Result<std::uint64_t> Segments::look(std::uint64_t number, Use& use) const {
  if (use.on_disk) return *use.on_disk;
  const Result<SegmentFile> file = SegmentFile::open(segment_path(folder_, number));
  if (!file) return fail(file.error());
  Result<std::uint64_t> octets = file->octets_on_disk();
  if (octets) use.on_disk = *octets;
  return octets;
}

std::vector<std::uint64_t> Segments::sparse(std::uint64_t number) {
  std::vector<std::uint64_t> found;
  std::uint64_t in_use = 0;
  std::uint64_t on_disk = 0;
  const std::lock_guard lock(mutex_);
  for (auto& [each, use] : segments_) {
    if (each >= number) break;
    const Result<std::uint64_t> octets = look(each, use);
    if (!octets) continue;
    in_use += use.octets;
    on_disk += *octets;
    if (use.octets < *octets / 2 && use.octets <= use.octets_at_release / 2) found.push_back(each);
  }
  const std::uint64_t waste = on_disk - std::min(on_disk, in_use);
  if (waste < std::max(kWasteOctetsMin, in_use)) found.clear();
  return found;
}

Result<> Segments::release_unused(std::uint64_t number, std::vector<Place> used) {
  note_release(number, std::nullopt);  // Of one that fails too: it would be tried for ever.
  Result<SegmentFile> file = SegmentFile::open(segment_path(folder_, number));
  if (!file) return fail(file.error());
  const Result<std::uint64_t> size = file->size();
  if (!size) return fail(size.error());
  std::ranges::sort(used, {}, &Place::start);
  std::uint64_t at = kSegmentHeadOctets;
  for (const Place& place : used) {
    if (Result<> done = release_pages(*file, at, place.start.offset); !done) return done;
    at = place.start.offset + place.octets;
  }
  if (Result<> done = release_pages(*file, at, *size); !done) return done;
  const Result<std::uint64_t> octets = file->octets_on_disk();
  if (!octets) return fail(octets.error());
  note_release(number, *octets);
  return {};
}

void Segments::note_release(std::uint64_t number, std::optional<std::uint64_t> on_disk) {
  const std::lock_guard lock(mutex_);
  const auto found = segments_.find(number);
  if (found == segments_.end()) return;
  found->second.octets_at_release = found->second.octets;
  if (on_disk) found->second.on_disk = on_disk;
}

}  // namespace veredus::storage::journal
