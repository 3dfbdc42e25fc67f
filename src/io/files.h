// The file system as far as Maildir needs it, as a seam: simulation fails its calls one by one.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace veredus::io {

/// Open for writing. Closed by its destructor.
class File {
 public:
  virtual ~File() = default;
  virtual Result<> write(std::string_view octets) = 0;
  /// Starts to bring what was written to stable storage, as far as that can be done without
  /// waiting. Promises nothing: it only makes sync() of several files that were begun together
  /// shorter.
  virtual void begin_sync() {}
  /// Returns when all that was written is on stable storage.
  virtual Result<> sync() = 0;
  /// Of a draft: shows it at `path`, in place of whatever is there. Durable after sync_directory().
  virtual Result<> publish(const std::string& path) = 0;
};

/// Every call blocks: call it on a worker (io/workers.h). Thread-safe.
/// Errors: overloaded (no space, quota), unavailable (anything else); the text names the path
/// and the cause.
class Files {
 public:
  virtual ~Files() = default;

  /// Creates the file; it must not exist. Mode 0600.
  virtual Result<std::unique_ptr<File>> create(const std::string& path) = 0;
  /// Creates a file that nobody sees before it is published, in the folder of `path`. It needs
  /// `path` only where the file system has no files without a name; then it takes the place of what
  /// is there, and stays there if it is never published. Mode 0600.
  virtual Result<std::unique_ptr<File>> create_draft(const std::string& path) = 0;
  virtual Result<> rename(const std::string& from, const std::string& to) = 0;
  /// No error when there is no such file.
  virtual Result<> remove(const std::string& path) = 0;
  /// Creates `path` and missing parents, mode 0700, and makes each durable in its parent.
  virtual Result<> make_directories(const std::string& path) = 0;
  /// Makes creations, renames and removals in the directory durable.
  virtual Result<> sync_directory(const std::string& path) = 0;
  /// Names (not paths) in a directory, sorted.
  virtual Result<std::vector<std::string>> list(const std::string& path) = 0;
  virtual Result<std::string> read(const std::string& path) = 0;
  /// Octets of all files in the directory and below; 0 when it isn't there. Files that go meanwhile
  /// may or may not count.
  virtual Result<std::uint64_t> octets_below(const std::string& path) = 0;
};

}  // namespace veredus::io
