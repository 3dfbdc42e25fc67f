// One file of a journal. Every call here blocks.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/owned_descriptor.h"

namespace veredus::storage::journal {

/// The path of a segment in the journal's folder.
std::string segment_path(const std::string& folder, std::uint64_t number);
/// The segments in the folder, ascending. Errors: unavailable.
Result<std::vector<std::uint64_t>> list_segments(const std::string& folder);

/// The same for what was a segment, and may become one again.
std::string spare_path(const std::string& folder, std::uint64_t number);
Result<std::vector<std::uint64_t>> list_spares(const std::string& folder);

/// Errors of all calls: overloaded (no space), unavailable (anything else); the text names the file
/// and the cause.
class SegmentFile {
 public:
  SegmentFile() = default;

  /// A new one, in place of any that has its name.
  static Result<SegmentFile> create(const std::string& path);
  static Result<SegmentFile> open(const std::string& path);

  bool is_open() const noexcept { return descriptor_.is_open(); }
  /// All parts one after the other, from `offset` on, in as few system calls as can be.
  Result<> write(std::uint64_t offset, const std::vector<std::string_view>& parts);
  /// Returns when all that was written is on stable storage.
  Result<> flush();
  /// Cuts it off there, if it can: after a write or a flush that failed.
  void cut(std::uint64_t octets) noexcept;
  /// From now on read() tells what is on the disk: after a flush that failed somewhere else the
  /// system's cache may have octets that never got there.
  Result<> forget_cached();
  /// Fewer octets than asked for only at the end of the file.
  Result<std::string> read(std::uint64_t offset, std::uint64_t octets) const;
  Result<std::uint64_t> size() const;
  /// Octets it takes on the disk, which are fewer than size() after release().
  Result<std::uint64_t> octets_on_disk() const;
  /// Gives the room of a part back to the file system, if that can; it reads as zeros then.
  Result<> release(std::uint64_t offset, std::uint64_t octets);

 private:
  SegmentFile(std::string path, io::OwnedDescriptor descriptor)
      : path_(std::move(path)), descriptor_(std::move(descriptor)) {}

  std::string path_;
  io::OwnedDescriptor descriptor_;
};

}  // namespace veredus::storage::journal
