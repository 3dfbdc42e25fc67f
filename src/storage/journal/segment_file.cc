#include "storage/journal/segment_file.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <span>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/text.h"
#include "io/system_call.h"

namespace veredus::storage::journal {
namespace {

using io::failed;
using io::open_file;
using io::uninterrupted;

constexpr std::string_view kSuffix = ".journal";
constexpr std::string_view kSpareSuffix = ".spare";
constexpr std::size_t kNumberDigits = 12;

std::string path_of(const std::string& folder, std::uint64_t number, std::string_view suffix) {
  const std::string digits = std::to_string(number);
  const std::size_t zeros = kNumberDigits - std::min(kNumberDigits, digits.size());
  return folder + "/" + std::string(zeros, '0') + digits + std::string(suffix);
}

/// The numbers of the files with that suffix, ascending.
Result<std::vector<std::uint64_t>> list_files(const std::string& folder, std::string_view suffix) {
  std::vector<std::uint64_t> numbers;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.ends_with(suffix)) continue;
    const auto number = to_number(std::string_view(name).substr(0, name.size() - suffix.size()));
    if (number && *number > 0) numbers.push_back(*number);
  }
  if (error) return fail(Fault::unavailable, "cannot list " + folder + ": " + error.message());
  std::ranges::sort(numbers);
  return numbers;
}

std::vector<iovec> pieces_of(const std::vector<std::string_view>& parts) {
  std::vector<iovec> pieces;
  pieces.reserve(parts.size());
  for (const std::string_view part : parts) {
    // The call takes what it only reads by a pointer to what may change.
    if (!part.empty()) pieces.emplace_back(const_cast<char*>(part.data()), part.size());
  }
  return pieces;
}

/// What is left of `pieces` after `count` octets of them.
std::span<iovec> without(std::span<iovec> pieces, std::size_t count) {
  while (count > 0 && count >= pieces.front().iov_len) {
    count -= pieces.front().iov_len;
    pieces = pieces.subspan(1);
  }
  if (count > 0) {
    pieces.front().iov_base = static_cast<char*>(pieces.front().iov_base) + count;
    pieces.front().iov_len -= count;
  }
  return pieces;
}

}  // namespace

std::string segment_path(const std::string& folder, std::uint64_t number) {
  return path_of(folder, number, kSuffix);
}

std::string spare_path(const std::string& folder, std::uint64_t number) {
  return path_of(folder, number, kSpareSuffix);
}

Result<std::vector<std::uint64_t>> list_segments(const std::string& folder) {
  return list_files(folder, kSuffix);
}

Result<std::vector<std::uint64_t>> list_spares(const std::string& folder) {
  return list_files(folder, kSpareSuffix);
}

Result<SegmentFile> SegmentFile::create(const std::string& path) {
  // Not truncated but made anew: what a flush of the old one failed with is the old one's alone.
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return failed("remove " + path, errno);
  io::OwnedDescriptor file = open_file(path, O_RDWR | O_CREAT | O_EXCL);
  if (!file.is_open()) return failed("create " + path, errno);
  return SegmentFile(path, std::move(file));
}

Result<SegmentFile> SegmentFile::open(const std::string& path) {
  io::OwnedDescriptor file = open_file(path, O_RDWR);
  if (!file.is_open()) return failed("open " + path, errno);
  return SegmentFile(path, std::move(file));
}

Result<> SegmentFile::write(std::uint64_t offset, const std::vector<std::string_view>& parts) {
  std::vector<iovec> all = pieces_of(parts);
  std::span<iovec> left(all);
  while (!left.empty()) {
    const auto count = static_cast<int>(std::min(left.size(), std::size_t{IOV_MAX}));
    const ssize_t written = uninterrupted([&] {
      return ::pwritev(descriptor_.get(), left.data(), count, static_cast<off_t>(offset));
    });
    if (written < 0) return failed("write " + path_, errno);
    offset += static_cast<std::uint64_t>(written);
    left = without(left, static_cast<std::size_t>(written));
  }
  return {};
}

Result<> SegmentFile::flush() {
  if (::fdatasync(descriptor_.get()) != 0) return failed("flush " + path_, errno);
  return {};
}

void SegmentFile::cut(std::uint64_t octets) noexcept {
  static_cast<void>(::ftruncate(descriptor_.get(), static_cast<off_t>(octets)));
}

Result<> SegmentFile::forget_cached() {
  if (Result<> flushed = flush(); !flushed) return flushed;
  ::posix_fadvise(descriptor_.get(), 0, 0, POSIX_FADV_DONTNEED);
  return {};
}

Result<std::string> SegmentFile::read(std::uint64_t offset, std::uint64_t octets) const {
  std::string text(octets, '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = uninterrupted([&] {
      return ::pread(descriptor_.get(), text.data() + done, text.size() - done,
                     static_cast<off_t>(offset + done));
    });
    if (count < 0) return failed("read " + path_, errno);
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  text.resize(done);
  return text;
}

Result<std::uint64_t> SegmentFile::size() const {
  struct stat status{};
  if (::fstat(descriptor_.get(), &status) != 0) return failed("look at " + path_, errno);
  return static_cast<std::uint64_t>(status.st_size);
}

Result<std::uint64_t> SegmentFile::octets_on_disk() const {
  constexpr std::uint64_t kBlockOctets = 512;  // stat(2), whatever the file system's own.
  struct stat status{};
  if (::fstat(descriptor_.get(), &status) != 0) return failed("look at " + path_, errno);
  return static_cast<std::uint64_t>(status.st_blocks) * kBlockOctets;
}

Result<> SegmentFile::release(std::uint64_t offset, std::uint64_t octets) {
  const int done = uninterrupted([&] {
    return ::fallocate(descriptor_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                       static_cast<off_t>(offset), static_cast<off_t>(octets));
  });
  if (done != 0 && errno != EOPNOTSUPP) return failed("give back room of " + path_, errno);
  return {};
}

}  // namespace veredus::storage::journal
