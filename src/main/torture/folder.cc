#include "main/torture/folder.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace veredus::torture {
namespace {

namespace fs = std::filesystem;

/// Its lock is what says that a run goes on here.
constexpr std::string_view kMarker = "veredus-torture";
constexpr std::array<std::string_view, 6> kOurs = {kMarker,      "veredus.toml", "storage",
                                                   "server.log", "check.log",    "evidence"};

std::unexpected<Error> unusable(const std::string& path, const std::string& why) {
  return fail(Fault::unavailable, path + " cannot be used: " + why);
}

/// Something that no run of ours has left there; empty when there is nothing.
Result<std::string> find_foreign(const std::string& path) {
  std::error_code error;
  std::string some;
  bool marked = false;
  for (fs::directory_iterator at(path, error); !error && at != fs::directory_iterator();
       at.increment(error)) {
    std::string name = at->path().filename().string();
    if (std::ranges::find(kOurs, name) == kOurs.end()) return name;
    marked = marked || name == kMarker;
    some = name;
  }
  if (error) return unusable(path, error.message());
  return marked ? std::string() : some;
}

/// Returns the descriptor that holds the lock.
Result<int> lock(const std::string& marker) {
  const int descriptor = ::open(marker.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return unusable(marker, std::generic_category().message(errno));
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
  ::close(descriptor);
  return fail(Fault::refused, "another torture run goes on in this folder: give this one its own");
}

void remove_ours(const std::string& path, bool marker_too) {
  std::error_code ignored;
  for (const std::string_view name : kOurs)
    if (marker_too || name != kMarker) fs::remove_all(path + '/' + std::string(name), ignored);
}

}  // namespace

Result<Folder> Folder::take(const std::string& path) {
  std::error_code error;
  const std::string whole = fs::absolute(path, error).lexically_normal().string();
  const bool made = !error && fs::create_directories(whole, error);
  if (error) return unusable(path, error.message());
  const auto foreign = find_foreign(whole);
  if (!foreign) return fail(foreign.error());
  if (!foreign->empty())
    return fail(Fault::refused, whole + " has " + *foreign +
                                    " in it, which is not of a torture run: name an empty folder, "
                                    "or one that does not exist yet");
  const auto locked = lock(whole + '/' + std::string(kMarker));
  if (!locked) return fail(locked.error());
  remove_ours(whole, false);
  return Folder(whole, *locked, made);
}

Folder::~Folder() {
  if (lock_ >= 0) ::close(lock_);
}

Folder::Folder(Folder&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)), made_(other.made_) {}

void Folder::remove() {
  remove_ours(path_, true);
  std::error_code ignored;
  if (made_) fs::remove(path_, ignored);
}

}  // namespace veredus::torture
