// Which user the process is, and becoming another for good.

#pragma once

#include <string>

#include <sys/types.h>

#include "base/result.h"

namespace veredus::io {

struct User {
  std::string name;
  uid_t id = 0;
  gid_t group = 0;

  bool is_root() const noexcept { return id == 0; }
};

/// The user that this process is.
[[nodiscard]] User current_user();

/// The user of that name in the system's own list. Error: refused (no such user), unavailable.
[[nodiscard]] Result<User> find_user(const std::string& name);

/// Becomes `user`, with that user's groups, and proves that there is no way back. Precondition:
/// the process is root, and this thread its only one. Errors: unavailable; then it is in a state
/// in which it must not go on.
[[nodiscard]] Result<> become(const User& user);

/// Gives up every capability, now and for what comes later. Errors: unavailable.
[[nodiscard]] Result<> drop_capabilities();

/// Root becomes whom `path` belongs to, for good: what a command of root's then leaves behind can
/// be used by the server. Does nothing for any other user. Errors: unavailable.
[[nodiscard]] Result<> become_owner_of(const std::string& path);

/// Makes the folder, for `owner` alone, if it is missing. What is there must belong to `owner`,
/// as must what is right below it: a command that root ran may have left files of its own. Errors:
/// unavailable; the text says what to type.
[[nodiscard]] Result<> make_folder_of(const std::string& path, const User& owner);

/// Makes the file, empty and for `owner` to write, if it is missing. Errors: unavailable.
[[nodiscard]] Result<> make_file_of(const std::string& path, const User& owner);

}  // namespace veredus::io
