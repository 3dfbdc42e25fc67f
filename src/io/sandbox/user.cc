#include "io/sandbox/user.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "io/process.h"
#include "io/sandbox/leak_sanitizer.h"
#include "io/socket_address.h"

namespace veredus::io {
namespace {

constexpr std::size_t kEntryOctetsMax = 16384;
constexpr int kCapabilitiesEnd = 64;
constexpr mode_t kLogMode = S_IRUSR | S_IWUSR | S_IRGRP;

std::unexpected<Error> failed(const std::string& what) {
  return fail(Fault::unavailable, what + ": " + system_text(errno));
}

using Capabilities = std::array<__user_cap_data_struct, 2>;

/// Who may not drop these has none to gain: a program that would is not run any more.
void drop_bounding_set() {
  for (int capability = 0; capability < kCapabilitiesEnd; ++capability)
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) return;
}

Result<> expect_no_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  Capabilities left{};
  if (::syscall(SYS_capget, &header, left.data()) != 0) return failed("cannot read capabilities");
  for (const auto& word : left)
    if ((word.effective | word.permitted | word.inheritable) != 0)
      return fail(Fault::unavailable, "capabilities are left after they were given up");
  return {};
}

Result<> expect_to_be(const User& user) {
  uid_t real = 0;
  uid_t effective = 0;
  uid_t saved = 0;
  gid_t real_group = 0;
  gid_t effective_group = 0;
  gid_t saved_group = 0;
  ::getresuid(&real, &effective, &saved);
  ::getresgid(&real_group, &effective_group, &saved_group);
  const bool became = real == user.id && effective == user.id && saved == user.id &&
                      real_group == user.group && effective_group == user.group &&
                      saved_group == user.group;
  const bool can_return = ::setresuid(0, 0, 0) == 0 || ::setresgid(0, 0, 0) == 0;
  if (became && !can_return) return {};
  return fail(Fault::unavailable, "this process could still become root after it became " +
                                      user.name + "; it must not go on");
}

/// Root's own files among those of `owner`: the database could not write them.
Result<> expect_owner(const std::filesystem::path& path, const User& owner) {
  struct stat found{};
  if (::lstat(path.c_str(), &found) != 0) return failed("cannot look at " + path.string());
  if (found.st_uid == owner.id) return {};
  return fail(Fault::unavailable, path.string() + " does not belong to " + owner.name +
                                      ", the user that this server runs as");
}

Result<> expect_owner_of_all(const std::filesystem::path& folder, const User& owner) {
  std::error_code error;
  Result<> owned = expect_owner(std::filesystem::canonical(folder, error), owner);
  std::filesystem::directory_iterator entry(folder, error);
  for (; owned && !error && entry != std::filesystem::directory_iterator(); entry.increment(error))
    owned = expect_owner(entry->path(), owner);
  return owned;
}

}  // namespace

User current_user() { return {user_name(), ::geteuid(), ::getegid()}; }

Result<User> find_user(const std::string& name) {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, kEntryOctetsMax> text{};
  const int error = ::getpwnam_r(name.c_str(), &entry, text.data(), text.size(), &found);
  if (found != nullptr) return User{name, found->pw_uid, found->pw_gid};
  if (error != 0)
    return fail(Fault::unavailable, "cannot look up the user " + name + ": " + system_text(error));
  return fail(Fault::refused, "there is no user " + name);
}

Result<> drop_capabilities() {
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL)
    return failed("cannot give up ambient capabilities");
  drop_bounding_set();
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const Capabilities none{};
  if (::syscall(SYS_capset, &header, none.data()) != 0)
    return failed("cannot give up capabilities");
  return expect_no_capabilities();
}

Result<> become(const User& user) {
  if (::initgroups(user.name.c_str(), user.group) != 0)
    return failed("cannot take the groups of " + user.name);
  drop_bounding_set();  // Needs a right that is about to go.
  if (::setresgid(user.group, user.group, user.group) != 0)
    return failed("cannot become the group of " + user.name);
  if (::setresuid(user.id, user.id, user.id) != 0) return failed("cannot become " + user.name);
  const Result<> dropped = drop_capabilities();
  if (!dropped) return fail(dropped.error());
  return expect_to_be(user);
}

Result<> become_owner_of(const std::string& path) {
  struct stat found{};
  if (::geteuid() != 0) return {};
  if (::stat(path.c_str(), &found) != 0) return failed("cannot look at " + path);
  if (found.st_uid == 0) return {};
  if (::setgroups(0, nullptr) != 0 || ::setresgid(found.st_gid, found.st_gid, found.st_gid) != 0 ||
      ::setresuid(found.st_uid, found.st_uid, found.st_uid) != 0)
    return failed("cannot become the owner of " + path);
  if (kLeakSanitizer) ::prctl(PR_SET_DUMPABLE, 1);
  return {};
}

Result<> make_folder_of(const std::string& path, const User& owner) {
  if (::mkdir(path.c_str(), S_IRWXU) != 0) {
    if (errno != EEXIST) return failed("cannot make the folder " + path);
    const Result<> owned = expect_owner_of_all(path, owner);
    if (owned) return {};
    return fail(Fault::unavailable,
                owned.error().text() + "; type: chown -R " + owner.name + ": " + path);
  }
  const OwnedDescriptor folder(
      ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder.is_open() || ::fchown(folder.get(), owner.id, owner.group) != 0)
    return failed("cannot give " + path + " to " + owner.name);
  return {};
}

Result<> make_file_of(const std::string& path, const User& owner) {
  const OwnedDescriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kLogMode));
  if (!file.is_open() && errno == EEXIST) return {};
  if (!file.is_open()) return failed("cannot make " + path);
  if (::fchown(file.get(), owner.id, owner.group) != 0)
    return failed("cannot give " + path + " to " + owner.name);
  return {};
}

}  // namespace veredus::io
