// What an operator may decide about the embedded storage.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace veredus::storage {

struct RocksdbOptions {
  /// The folder. Created with its parents; mode 0700 then. One process at a time.
  std::string path;
  /// Wait for the disk before a commit returns. Without it a power cut loses mail we answered
  /// 250 for (a crash of the program alone does not).
  bool sync = true;
  /// Below it new mail is refused; below a quarter of it everything but removal is.
  std::uint64_t free_bytes_min = 256ULL * 1024 * 1024;
  /// For recent changes (three quarters) and cached blocks, in all. >= 16 MiB. Bodies need none.
  std::size_t memory_bytes = std::size_t{128} * 1024 * 1024;
  /// Space::trace is kept for so long, and in so many octets: what is older goes first, a file of
  /// some thousand events at a time. >= 1 minute, >= 1 MiB.
  std::chrono::seconds trace_keep{std::chrono::days(7)};
  std::uint64_t trace_bytes_max = 2ULL * 1024 * 1024 * 1024;
  /// How long open() waits for another process that has the storage open.
  std::chrono::milliseconds lock_patience{5000};
  /// A file of the journal that has so many is full. A body that is gone gives its room back when
  /// all of its file are, or most of all files.
  std::uint64_t segment_bytes = 64ULL * 1024 * 1024;
  /// Threads that write recent changes out and compact. >= 1.
  int threads = 2;
};

}  // namespace veredus::storage
