#include "io/shared_folder.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace veredus::io {
namespace {

constexpr mode_t kSharedMode = 01733;
constexpr mode_t kParentMode = 0755;
constexpr mode_t kAsideMode = 0700;
constexpr mode_t kWritingMode = 0600;
constexpr mode_t kDepositMode = 0644;  // The owner of the folder is not the owner of the file.
constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

std::unexpected<Error> failed(const std::string& what, int error) {
  const bool is_full = error == ENOSPC || error == EDQUOT;
  const bool is_forbidden = error == EACCES || error == EPERM;
  const Fault fault = is_full        ? Fault::overloaded
                      : is_forbidden ? Fault::refused
                                     : Fault::unavailable;
  return fail(fault, "cannot " + what + ": " + system_text(error));
}

std::unexpected<Error> unavailable(const std::string& what, int error) {
  return fail(Fault::unavailable, "cannot " + what + ": " + system_text(error));
}

/// Not finished yet, or no deposit at all (`.`, `..`, what was put aside).
bool is_hidden(std::string_view name) noexcept {
  return name.starts_with('.') || name == SharedFolder::kAside;
}

/// All names in a folder that `wanted` is true for, at most `names_max`.
template <class Predicate>
Result<std::vector<std::string>> list(int folder, std::size_t names_max, Predicate wanted) {
  // A descriptor of its own: the position in the folder belongs to it.
  OwnedDescriptor again(::openat(folder, ".", kFolder));
  if (!again.is_open()) return unavailable("list the drop folder", errno);
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::fdopendir(again.get()), ::closedir);
  if (!directory) return unavailable("list the drop folder", errno);
  again.release();
  std::vector<std::string> names;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is our own.
  while (const dirent* entry = names.size() < names_max ? ::readdir(directory.get()) : nullptr)
    if (wanted(entry->d_name)) names.emplace_back(entry->d_name);
  std::ranges::sort(names);
  return names;
}

/// 16 digits.
std::string hex(std::uint64_t value) {
  std::array<char, 16> digits;
  const auto end = std::to_chars(digits.begin(), digits.end(), value, 16).ptr;
  const std::string text(digits.begin(), end);
  return std::string(digits.size() - text.size(), '0') + text;
}

/// What cannot be made is told by whoever opens what is below it.
void make_parents(const std::filesystem::path& path) {
  std::filesystem::path parent;
  for (const auto& part : path.parent_path()) {
    parent /= part;
    if (::mkdir(parent.c_str(), kParentMode) != 0) continue;
    ::chmod(parent.c_str(), kParentMode);  // Whatever the umask is.
  }
}

/// Opens the folder `name` in `at`, made with `mode` when it is missing; it must be ours.
Result<OwnedDescriptor> open_own(int at, const std::string& name, mode_t mode) {
  const bool is_new = ::mkdirat(at, name.c_str(), kAsideMode) == 0;
  if (!is_new && errno != EEXIST) return unavailable("make the folder " + name, errno);
  OwnedDescriptor folder(::openat(at, name.c_str(), kFolder));
  if (!folder.is_open()) return unavailable("open the folder " + name, errno);
  struct stat status{};
  if (::fstat(folder.get(), &status) != 0) return unavailable("look at " + name, errno);
  if (status.st_uid != ::geteuid())
    return fail(Fault::refused, "the folder " + name +
                                    " belongs to another user: make it the server's (chown), or "
                                    "remove it");
  if (is_new && ::fchmod(folder.get(), mode) != 0)
    return unavailable("set the mode of " + name, errno);
  return folder;
}

/// Reads to the end, or until it is certain that there is more than `octets_max`.
Result<std::string> read_all(const OwnedDescriptor& file, std::size_t octets_max) {
  std::string octets;
  std::array<char, 65536> part;
  while (octets.size() <= octets_max) {
    const ssize_t count = ::read(file.get(), part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return unavailable("read the file", errno);
    if (count == 0) return octets;
    octets.append(part.data(), static_cast<std::size_t>(count));
  }
  return fail(Fault::refused, "it is larger than " + std::to_string(octets_max) + " octets");
}

Result<> write_all(const OwnedDescriptor& file, std::string_view octets) {
  while (!octets.empty()) {
    const ssize_t count = ::write(file.get(), octets.data(), octets.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed("write a file into the drop folder", errno);
    octets.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

/// Renames a complete file and makes that last. Who may not list the folder may not sync it
/// either; then all of its file system is.
Result<> publish(const std::string& folder, const OwnedDescriptor& file, const std::string& from,
                 const std::string& to) {
  if (::fchmod(file.get(), kDepositMode) != 0 || ::fsync(file.get()) != 0)
    return failed("write a file into " + folder, errno);
  if (std::rename(from.c_str(), to.c_str()) != 0)
    return failed("rename a file in " + folder, errno);
  const OwnedDescriptor directory(::open(folder.c_str(), kFolder));
  const int synced = directory.is_open() ? ::fsync(directory.get()) : ::syncfs(file.get());
  if (synced != 0) return failed("sync " + folder, errno);
  return {};
}

}  // namespace

Result<SharedFolder> SharedFolder::open(const std::string& path) {
  make_parents(path);
  auto folder = open_own(AT_FDCWD, path, kSharedMode);
  if (!folder) return fail(folder.error());
  auto aside = open_own(folder->get(), kAside, kAsideMode);
  if (!aside) return fail(aside.error());
  return SharedFolder(path, std::move(*folder), std::move(*aside));
}

Result<std::vector<std::string>> SharedFolder::names(std::size_t names_max) const {
  return list(folder_.get(), names_max, [](std::string_view name) { return !is_hidden(name); });
}

Result<SharedFolder::Deposit> SharedFolder::read(const std::string& name,
                                                 std::size_t octets_max) const {
  // Not blocking, so that a pipe without a writer does not hold us.
  const OwnedDescriptor file(::openat(folder_.get(), name.c_str(),
                                      O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file.is_open()) {
    if (errno == ELOOP) return fail(Fault::refused, "it is a symbolic link");
    if (errno == ENXIO) return fail(Fault::refused, "it is a socket or a device");
    return failed("open it", errno);
  }
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return unavailable("look at it", errno);
  if (!S_ISREG(status.st_mode)) return fail(Fault::refused, "it is no regular file");
  if (status.st_nlink != 1) return fail(Fault::refused, "it has another name elsewhere");
  if (std::cmp_greater(status.st_size, octets_max))
    return fail(Fault::refused, "it is larger than " + std::to_string(octets_max) + " octets");
  auto octets = read_all(file, octets_max);
  if (!octets) return fail(octets.error());
  return Deposit{std::move(*octets), status.st_uid};
}

Result<> SharedFolder::remove(const std::string& name) const {
  if (::unlinkat(folder_.get(), name.c_str(), 0) != 0 && errno != ENOENT)
    return unavailable("remove " + path_ + '/' + name, errno);
  if (::fsync(folder_.get()) != 0) return unavailable("sync " + path_, errno);
  return {};
}

Result<> SharedFolder::set_aside(const std::string& name) const {
  if (::renameat(folder_.get(), name.c_str(), aside_.get(), name.c_str()) != 0)
    return unavailable("move " + path_ + '/' + name + " to " + kAside, errno);
  return {};
}

Result<> SharedFolder::remove_unfinished(WallTime begun_before) const {
  constexpr std::size_t kNamesMax = 1000;
  const auto names = list(folder_.get(), kNamesMax, [](std::string_view name) {
    return name.starts_with('.') && name != "." && name != "..";
  });
  if (!names) return fail(names.error());
  const auto limit = std::chrono::system_clock::to_time_t(begun_before);
  for (const std::string& name : *names) {
    struct stat status{};
    const bool is_old = ::fstatat(folder_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                        !S_ISDIR(status.st_mode) && status.st_mtim.tv_sec < limit;
    if (is_old) ::unlinkat(folder_.get(), name.c_str(), 0);
  }
  return {};
}

Result<> deposit(const std::string& folder, std::string_view octets, WallTime time,
                 Random& random) {
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch());
  const std::string name = hex(static_cast<std::uint64_t>(milliseconds.count())) + '-' +
                           hex(random.next()) + hex(random.next());
  const std::string unfinished = folder + "/." + name;
  const OwnedDescriptor file(::open(
      unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kWritingMode));
  if (!file.is_open()) return failed("make a file in " + folder, errno);
  Result<> done = write_all(file, octets);
  if (done) done = publish(folder, file, unfinished, folder + '/' + name);
  if (!done) ::unlink(unfinished.c_str());
  return done;
}

}  // namespace veredus::io
