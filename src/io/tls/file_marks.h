// What tells one state of files from another, so that those that changed are read again.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "io/tls/client.h"
#include "io/tls/server.h"

namespace veredus::io {

struct FileMark {
  std::uint64_t inode = 0;
  std::int64_t changed_ns = 0;
  std::uint64_t octets = 0;
  friend bool operator==(const FileMark&, const FileMark&) = default;
};
using FileMarks = std::map<std::string, FileMark>;

/// Of the files that links lead to, as those of Let's Encrypt do. A file that is not there, or has
/// no name, has none. Blocks.
FileMarks file_marks(const std::vector<std::string>& paths);

/// Of the files that a configuration names. Blocks.
FileMarks file_marks(const TlsServerConfig& config);
FileMarks file_marks(const TlsClientConfig& config);

}  // namespace veredus::io
