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

#include "io/system_call.h"

namespace veredus::io {
namespace {

constexpr const char* kDescriptors = "/proc/self/fd";

Result<> move(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0)
    return failed("move " + from + " to " + to, errno);
  return {};
}

class RealFile final : public File {
 public:
  /// `path` is where it is, or where it may be for a moment while it has no name.
  RealFile(std::string path, OwnedDescriptor descriptor, bool has_name)
      : path_(std::move(path)), descriptor_(std::move(descriptor)), has_name_(has_name) {}

  Result<> write(std::string_view octets) override {
    while (!octets.empty()) {
      const ssize_t count =
          uninterrupted([&] { return ::write(descriptor_.get(), octets.data(), octets.size()); });
      if (count < 0) return failed("write " + path_, errno);
      octets.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
  }

  /// An error is told by sync().
  void begin_sync() override { ::sync_file_range(descriptor_.get(), 0, 0, SYNC_FILE_RANGE_WRITE); }

  Result<> sync() override {
    if (::fsync(descriptor_.get()) != 0) return failed("sync " + path_, errno);
    return {};
  }

  Result<> publish(const std::string& path) override {
    if (!has_name_ && link_to(path)) return {};
    // A name that is taken already is taken over by a move alone.
    if (!has_name_ && errno == EEXIST && (link_to(path_) || errno == EEXIST)) has_name_ = true;
    if (!has_name_) return failed("link " + path, errno);
    return move(path_, path);
  }

 private:
  /// False with errno.
  bool link_to(const std::string& path) const {
    const std::string self = std::string(kDescriptors) + '/' + std::to_string(descriptor_.get());
    return ::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0;
  }

  std::string path_;
  OwnedDescriptor descriptor_;
  bool has_name_;
};

}  // namespace

Result<std::unique_ptr<File>> RealFiles::create(const std::string& path) {
  OwnedDescriptor file = open_file(path, O_WRONLY | O_CREAT | O_EXCL);
  if (!file.is_open()) return failed("create " + path, errno);
  return std::make_unique<RealFile>(path, std::move(file), true);
}

/// A file without a name costs a folder one change instead of three, and flushing it flushes no
/// folder.
Result<std::unique_ptr<File>> RealFiles::create_draft(const std::string& path) {
  static const bool can_link = ::access(kDescriptors, X_OK) == 0;
  OwnedDescriptor file;
  if (can_link) {
    const std::string folder = std::filesystem::path(path).parent_path().string();
    file = open_file(folder.empty() ? "." : folder, O_WRONLY | O_TMPFILE);
    if (file.is_open()) return std::make_unique<RealFile>(path, std::move(file), false);
    const bool has_none = errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL;
    if (!has_none) return failed("create " + path, errno);
  }
  file = open_file(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
  if (!file.is_open()) return failed("create " + path, errno);
  return std::make_unique<RealFile>(path, std::move(file), true);
}

Result<> RealFiles::rename(const std::string& from, const std::string& to) {
  return move(from, to);
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
    std::error_code unknown;
    if (std::filesystem::is_directory(whole, unknown)) return {};
    return failed("make directory " + path, unknown ? unknown.value() : ENOTDIR);
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
