#include "storage/journal/format.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "storage/numbers.h"

namespace veredus::storage::journal {
namespace {

constexpr std::string_view kMagic = "VRDSJRNL";
constexpr std::uint32_t kUnflushed = 1;
constexpr std::size_t kPositionOctets = 16;
constexpr std::size_t kPlaceOctets = 28;
constexpr std::uint64_t kCheckedHeadOctets = kSegmentHeadOctets - sizeof(std::uint64_t);

void append(std::string& out, Position position) {
  append_number(out, position.segment);
  append_number(out, position.offset);
}

Position take_position(std::string_view& octets) {
  Position position;
  position.segment = take_number<std::uint64_t>(octets);
  position.offset = take_number<std::uint64_t>(octets);
  return position;
}

/// All of a record's head but its checksum.
void append_counts(std::string& out, const RecordHead& head) {
  append_number(out, head.bodies_octets);
  append_number(out, head.changes_octets);
  append_number(out, head.body_count);
}

}  // namespace

std::uint64_t checksum_of(std::string_view octets) noexcept {
  return XXH3_64bits(octets.data(), octets.size());
}

std::string encode(Position position) {
  std::string out;
  append(out, position);
  return out;
}

std::string encode(const Place& place) {
  std::string out;
  out.reserve(kPlaceOctets);
  append(out, place.start);
  append_number(out, place.octets);
  append_number(out, place.checksum);
  return out;
}

std::optional<Position> decode_position(std::string_view octets) {
  if (octets.size() != kPositionOctets) return std::nullopt;
  return take_position(octets);
}

std::optional<Place> decode_place(std::string_view octets) {
  if (octets.size() != kPlaceOctets) return std::nullopt;
  Place place;
  place.start = take_position(octets);
  place.octets = take_number<std::uint32_t>(octets);
  place.checksum = take_number<std::uint64_t>(octets);
  return place;
}

std::string encode(const SegmentHead& head) {
  std::string out(kMagic);
  out.reserve(kSegmentHeadOctets);
  append_number(out, kVersion);
  append_number(out, head.is_flushed ? 0U : kUnflushed);
  append_number(out, head.number);
  append(out, head.previous_end);
  append_number(out, checksum_of(out));
  return out;
}

std::optional<SegmentHead> decode_segment_head(std::string_view octets) {
  if (octets.size() < kSegmentHeadOctets || !octets.starts_with(kMagic)) return std::nullopt;
  const std::uint64_t checksum = read_number<std::uint64_t>(octets.substr(kCheckedHeadOctets));
  if (checksum != checksum_of(octets.substr(0, kCheckedHeadOctets))) return std::nullopt;
  octets.remove_prefix(kMagic.size());
  if (take_number<std::uint32_t>(octets) != kVersion) return std::nullopt;
  SegmentHead head;
  head.is_flushed = (take_number<std::uint32_t>(octets) & kUnflushed) == 0;
  head.number = take_number<std::uint64_t>(octets);
  head.previous_end = take_position(octets);
  return head;
}

bool is_newer_segment(std::string_view head) noexcept {
  return head.size() >= kMagic.size() + sizeof(kVersion) && head.starts_with(kMagic) &&
         read_number<std::uint32_t>(head.substr(kMagic.size())) > kVersion;
}

RecordHead decode_record_head(std::string_view octets) {
  RecordHead head;
  head.checksum = take_number<std::uint64_t>(octets);
  head.bodies_octets = take_number<std::uint64_t>(octets);
  head.changes_octets = take_number<std::uint32_t>(octets);
  head.body_count = take_number<std::uint32_t>(octets);
  return head;
}

std::string encode(const RecordHead& head) {
  std::string out;
  out.reserve(kRecordHeadOctets);
  append_number(out, head.checksum);
  append_counts(out, head);
  return out;
}

std::string encode(const std::vector<TableEntry>& table) {
  std::string out;
  out.reserve(table.size() * kTableEntryOctets);
  for (const TableEntry& entry : table) {
    append_number(out, entry.octets);
    append_number(out, entry.checksum);
  }
  return out;
}

std::vector<TableEntry> decode_table(std::string_view octets) {
  std::vector<TableEntry> table;
  table.reserve(octets.size() / kTableEntryOctets);
  while (octets.size() >= kTableEntryOctets) {
    const auto size = take_number<std::uint32_t>(octets);
    table.emplace_back(size, take_number<std::uint64_t>(octets));
  }
  return table;
}

std::uint64_t record_checksum(Position start, const RecordHead& head, std::string_view table,
                              std::string_view changes) noexcept {
  std::string counts;
  append(counts, start);
  append_counts(counts, head);
  XXH64_hash_t sum = XXH3_64bits(counts.data(), counts.size());
  sum = XXH3_64bits_withSeed(table.data(), table.size(), sum);
  return XXH3_64bits_withSeed(changes.data(), changes.size(), sum);
}

}  // namespace veredus::storage::journal
