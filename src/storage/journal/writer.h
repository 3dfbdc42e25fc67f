// The end of the journal, where it grows.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/journal/format.h"
#include "storage/journal/segment_file.h"
#include "storage/journal/segments.h"

namespace veredus::storage::journal {

struct Options {
  std::string folder;
  bool sync = true;  ///< Wait for the disk before write() returns.
  /// A segment that has so many is full. What is in use again after a crash is read from several of
  /// them; a body that is gone gives its room back when all of its segment are.
  std::uint64_t segment_octets = std::uint64_t{64} * 1024 * 1024;
};

/// A record while it is put together: its bodies come first on the disk, so that the changes can
/// say where they lie. Does not own their octets.
class Record {
 public:
  /// Precondition: it is what Writer::begin() returned last.
  explicit Record(Position start) : start_(start) {}

  /// Where the body will lie. `octets` must live until the record is written.
  Place add(std::string_view octets);
  std::uint64_t bodies_octets() const noexcept { return bodies_octets_; }

 private:
  friend class Writer;

  Position start_;
  std::uint64_t bodies_octets_ = 0;
  std::vector<std::string_view> bodies_;
  std::vector<TableEntry> table_;
};

/// One thread at a time.
class Writer {
 public:
  /// Goes on in a new segment after `end`, where what there is of the journal ends. `segments`
  /// hears of each, and outlives this.
  Writer(Options options, Position end, Segments& segments)
      : options_(std::move(options)), segments_(&segments), end_(end) {}

  /// Where the next record begins: in a new segment when the present one is full, or failed. What
  /// comes after a failure is never taken for what came before.
  Result<Position> begin();
  /// One write and one flush; returns where the record ends. Errors: overloaded, unavailable; the
  /// record is not there then, though a crash before the next begin() may find that it is.
  Result<Position> write(const Record& record, std::string_view changes);

 private:
  Result<> open_next();
  Result<> append(const Record& record, std::string_view changes, const RecordHead& head);

  Options options_;
  Segments* segments_;
  Position end_;  ///< Of the last record; all before it is on stable storage (with `sync`).
  SegmentFile file_;
  bool failed_ = false;
};

}  // namespace veredus::storage::journal
