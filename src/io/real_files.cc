#include "io/real_files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/socket_address.h"

namespace veredus::io {
namespace {

std::unexpected<Error> failed(const std::string& what, int error) {
  const bool is_full = error == ENOSPC || error == EDQUOT;
  return fail(is_full ? Fault::overloaded : Fault::unavailable,
              "cannot " + what + ": " + system_text(error));
}

/// Repeats a call that a signal interrupted. Returns what it returned.
template <class Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

class RealFile final : public File {
 public:
  RealFile(std::string path, OwnedDescriptor descriptor)
      : path_(std::move(path)), descriptor_(std::move(descriptor)) {}

  Result<> write(std::string_view octets) override {
    while (!octets.empty()) {
      const ssize_t count =
          uninterrupted([&] { return ::write(descriptor_.get(), octets.data(), octets.size()); });
      if (count < 0) return failed("write " + path_, errno);
      octets.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
  }

  Result<> sync() override {
    if (::fsync(descriptor_.get()) != 0) return failed("sync " + path_, errno);
    return {};
  }

 private:
  std::string path_;
  OwnedDescriptor descriptor_;
};

OwnedDescriptor open_file(const std::string& path, int flags) {
  return OwnedDescriptor(
      uninterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, S_IRUSR | S_IWUSR); }));
}

}  // namespace

Result<std::unique_ptr<File>> RealFiles::create(const std::string& path) {
  OwnedDescriptor file = open_file(path, O_WRONLY | O_CREAT | O_EXCL);
  if (!file.is_open()) return failed("create " + path, errno);
  return std::make_unique<RealFile>(path, std::move(file));
}

Result<> RealFiles::rename(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0)
    return failed("move " + from + " to " + to, errno);
  return {};
}

Result<> RealFiles::remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return failed("remove " + path, errno);
  return {};
}

Result<> RealFiles::make_directories(const std::string& path) {
  std::filesystem::path whole(path);
  if (!whole.has_filename()) whole = whole.parent_path();  // "a/b/" is "a/b".
  if (::mkdir(whole.c_str(), S_IRWXU) == 0)
    return sync_directory(whole.has_parent_path() ? whole.parent_path().string() : ".");
  const int error = errno;
  if (error == EEXIST) {
    if (std::filesystem::is_directory(whole)) return {};
    return failed("make directory " + path, ENOTDIR);
  }
  if (error != ENOENT || !whole.has_parent_path()) return failed("make directory " + path, error);

  auto parents = make_directories(whole.parent_path().string());
  if (!parents) return parents;
  return make_directories(whole.string());
}

Result<> RealFiles::sync_directory(const std::string& path) {
  return syncs_.sync(path, [&path]() -> Result<> {
    const OwnedDescriptor directory = open_file(path, O_RDONLY | O_DIRECTORY);
    if (!directory.is_open()) return failed("open directory " + path, errno);
    if (::fsync(directory.get()) != 0) return failed("sync directory " + path, errno);
    return {};
  });
}

Result<std::vector<std::string>> RealFiles::list(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator entry(path, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error))
    names.push_back(entry->path().filename().string());
  if (error) return failed("list " + path, error.value());
  std::ranges::sort(names);
  return names;
}

Result<std::uint64_t> RealFiles::octets_below(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::recursive_directory_iterator entry(path, error);
  if (error == std::errc::no_such_file_or_directory) return 0;
  std::uint64_t octets = 0;
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    std::error_code gone;
    const bool is_file = entry->symlink_status(gone).type() == fs::file_type::regular;
    const std::uint64_t size = is_file ? entry->file_size(gone) : 0;
    if (!gone) octets += size;
  }
  if (error) return failed("list " + path, error.value());
  return octets;
}

Result<std::string> RealFiles::read(const std::string& path) {
  const OwnedDescriptor file = open_file(path, O_RDONLY);
  if (!file.is_open()) return failed("open " + path, errno);
  std::string octets;
  std::array<char, 65536> part;
  for (;;) {
    const ssize_t count =
        uninterrupted([&] { return ::read(file.get(), part.data(), part.size()); });
    if (count < 0) return failed("read " + path, errno);
    if (count == 0) return octets;
    octets.append(part.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace veredus::io
