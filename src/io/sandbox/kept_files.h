// Files that only a privileged process may read, such as keys: read at start, kept for later.

#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace veredus::io {

/// Filled while the process is privileged; afterwards it only reads. What was kept is in memory
/// as long as this.
class KeptFiles {
 public:
  /// Reads the file now. One that cannot be read is not kept: read() says why.
  void keep(const std::string& path);

  /// The file as it is now. When that is not permitted any more: as it was kept, unless it can be
  /// seen to have changed since. Errors: unavailable; the text is the reason alone, and where
  /// permission is what lacks, says what to type to give it to `reader`, the user that the server
  /// became.
  Result<std::string> read(const std::string& path, const std::string& reader) const;

  /// What was kept and can no longer be read: these will not be read again after they change.
  std::vector<std::string> unreadable() const;

 private:
  struct Kept {
    std::string octets;
    /// Time of the last change, in nanoseconds, and inode.
    std::string version;
  };
  std::map<std::string, Kept> files_;
};

/// What to type so that `user` may read a file of root's.
std::string how_to_permit(const std::string& path, const std::string& user);

}  // namespace veredus::io
