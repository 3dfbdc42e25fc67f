// What the octets of a journal mean. What is here is on disk: never change, only add.
//
//   segment  head, 48 octets: "VRDSJRNL", version (4), flags (4; 1: written without waiting for the
//            disk), number (8), number of the segment before it (8), where that one ends (8),
//            checksum of all before (8);
//            then records, one after the other
//   record   head, 24 octets: checksum (8), octets of the bodies (8), of the changes (4), count of
//            bodies (4);
//            the bodies; a table with the octets (4) and checksum (8) of each; the changes
//
// Numbers are big-endian, checksums XXH3 of 64 bits. That of a record covers its place, its head,
// its table and its changes, and so by the table's checksums its bodies: whatever else lies there,
// octets of another record included, is not taken for it.

#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace veredus::storage::journal {

inline constexpr std::uint32_t kVersion = 1;
inline constexpr std::uint64_t kSegmentHeadOctets = 48;
inline constexpr std::uint64_t kRecordHeadOctets = 24;
inline constexpr std::uint64_t kTableEntryOctets = 12;

/// Where something begins or ends; what is written later is greater. Segments count from 1.
struct Position {
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;

  auto operator<=>(const Position&) const = default;
};

/// Where a body lies, and what it must read as.
struct Place {
  Position start;
  std::uint32_t octets = 0;
  std::uint64_t checksum = 0;

  bool operator==(const Place&) const = default;
};

std::uint64_t checksum_of(std::string_view octets) noexcept;

/// As the engine's keys and values have them: 16 and 28 octets.
std::string encode(Position position);
std::string encode(const Place& place);
/// Nothing if `octets` is not one.
std::optional<Position> decode_position(std::string_view octets);
std::optional<Place> decode_place(std::string_view octets);

struct SegmentHead {
  std::uint64_t number = 0;
  Position previous_end;  ///< Segment 0 for the first.
  /// Its records were flushed one by one: none is whole behind one that is not.
  bool is_flushed = true;

  bool operator==(const SegmentHead&) const = default;
};
std::string encode(const SegmentHead& head);
/// Nothing if it is cut short or its checksum is wrong.
std::optional<SegmentHead> decode_segment_head(std::string_view octets);
/// True when a newer program wrote the head.
bool is_newer_segment(std::string_view head) noexcept;

/// One body of a record, in its table.
struct TableEntry {
  std::uint32_t octets = 0;
  std::uint64_t checksum = 0;
};

struct RecordHead {
  std::uint64_t checksum = 0;
  std::uint64_t bodies_octets = 0;
  std::uint32_t changes_octets = 0;
  std::uint32_t body_count = 0;

  std::uint64_t tail_octets() const noexcept {
    return body_count * kTableEntryOctets + changes_octets;
  }
  std::uint64_t record_octets() const noexcept {
    return kRecordHeadOctets + bodies_octets + tail_octets();
  }
};

/// Precondition: `octets` has kRecordHeadOctets.
RecordHead decode_record_head(std::string_view octets);
std::string encode(const RecordHead& head);
std::string encode(const std::vector<TableEntry>& table);
std::vector<TableEntry> decode_table(std::string_view octets);

/// What `head.checksum` must be; `table` and `changes` are what follows the bodies.
std::uint64_t record_checksum(Position start, const RecordHead& head, std::string_view table,
                              std::string_view changes) noexcept;

}  // namespace veredus::storage::journal
