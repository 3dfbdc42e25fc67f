#include "storage/rocksdb/free_space.h"

#include <limits>

#include <sys/statvfs.h>

namespace veredus::storage {

std::uint64_t FreeSpace::bytes() {
  const auto now = std::chrono::steady_clock::now();
  if (now - asked_ < std::chrono::seconds(1)) return bytes_;
  asked_ = now;
  struct statvfs volume{};
  const bool known = statvfs(path_.c_str(), &volume) == 0;
  bytes_ = known ? std::uint64_t{volume.f_bavail} * volume.f_frsize
                 : std::numeric_limits<std::uint64_t>::max();
  return bytes_;
}

}  // namespace veredus::storage
