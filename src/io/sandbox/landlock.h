// Landlock: the kernel lets this process open no file but those it was told of (landlock(7)).

#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace veredus::io {

/// What the process may still do with files. A path that does not exist is left out; symbolic
/// links are followed now, so a rule is for what they point to at this moment.
struct FileRules {
  std::vector<std::string> read;     ///< Files, or folders with all that is below: reading.
  std::vector<std::string> write;    ///< The same: reading, writing, making, moving, removing.
  std::vector<std::string> sockets;  ///< Folders in which Unix sockets are made and removed.
  std::vector<std::string> execute;  ///< The same as `read`, and running programs.
};

/// The version of Landlock's interface in this kernel. Error: unavailable, with the reason when it
/// has none, or one that is too old to be of use (ABI 1 forbids moving a file to another folder,
/// which is how mail gets into a Maildir).
[[nodiscard]] Result<int> landlock_version();

/// Holds the calling thread, and all that it starts from now on, to `rules`, for ever. Files that
/// are open stay so; connecting to Unix sockets is not restricted. Of ABI 6 on it also shuts out
/// other processes: no signals to them, no abstract Unix sockets of theirs. Precondition:
/// no_new_privs is set. Returns landlock_version(). Errors: unavailable.
[[nodiscard]] Result<int> restrict_files(const FileRules& rules);

}  // namespace veredus::io
