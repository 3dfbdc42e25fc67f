// How much room the disk has, asked cheaply.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace veredus::storage {

/// Not thread-safe.
class FreeSpace {
 public:
  explicit FreeSpace(std::string path) : path_(std::move(path)) {}

  /// Octets that we may still write in the file system of `path`; at most a second old. When the
  /// system does not tell, as many as can be: the write itself will show.
  std::uint64_t bytes();

 private:
  std::string path_;
  std::uint64_t bytes_ = 0;
  std::chrono::steady_clock::time_point asked_;
};

}  // namespace veredus::storage
