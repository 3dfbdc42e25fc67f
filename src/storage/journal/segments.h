// How much of each segment is still in use, so that room is given back.

#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/journal/format.h"

namespace veredus::storage::journal {

/// Thread-safe.
class Segments {
 public:
  /// Begins anew with the segments that are in `folder`, nothing in them in use. Errors:
  /// unavailable.
  Result<> load(std::string folder);

  /// There is a new one.
  void begin(std::uint64_t number);
  void add(const Place& place);
  void remove(const Place& place);

  /// Removes the segments before `number` in which nothing is in use; how many. A few of their
  /// files stay as spares. One that cannot be removed is tried again the next time.
  std::uint64_t remove_unused(std::uint64_t number);

  /// Renames a spare to `path`, if there is one: a file whose octets have been written before is
  /// flushed in half the time of one that grows. What it had stays in it.
  bool take_spare(const std::string& path);

  /// The segments before `number` that should give back room: less than half of their octets are in
  /// use, and of those of all segments together. To find what is in use in them takes long.
  std::vector<std::uint64_t> sparse(std::uint64_t number);
  /// Gives back all but `used`, which are all places of the segment. Errors: unavailable, as by a
  /// file system that cannot.
  Result<> release_unused(std::uint64_t number, std::vector<Place> used);

 private:
  struct Use {
    std::uint64_t bodies = 0;              ///< In use; one may have no octets.
    std::uint64_t octets = 0;              ///< In use.
    std::optional<std::uint64_t> on_disk;  ///< Known once it does not grow any more.
    /// In use when room was given back last: half of that has to go before there is more to find.
    std::uint64_t octets_at_release = std::numeric_limits<std::uint64_t>::max();
  };

  bool remove(std::uint64_t number);
  void note_release(std::uint64_t number, std::optional<std::uint64_t> on_disk);
  Result<std::uint64_t> look(std::uint64_t number, Use& use) const;

  std::mutex mutex_;
  std::string folder_;
  std::map<std::uint64_t, Use> segments_;
  std::vector<std::uint64_t> spares_;
};

}  // namespace veredus::storage::journal
