// Flushes of the same folder that are wanted at the same time, as one.

#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/result.h"

namespace veredus::io {

/// Thread-safe.
class SharedSyncs {
 public:
  /// Returns when a flush of `path` that began after this call is done: `flush`, which blocks, is
  /// called here, or somebody else's is waited for. An error goes to all who waited for that flush.
  Result<> sync(const std::string& path, const std::function<Result<>()>& flush);

 private:
  /// Of one path, while anybody is here for it.
  struct State {
    std::uint64_t begun = 0;   ///< Flushes.
    std::uint64_t ended = 0;   ///< All up to this one.
    std::uint64_t failed = 0;  ///< The last one that did.
    std::string reason;        ///< Why.
    Fault fault = Fault::unavailable;
    unsigned users = 0;
  };
  void flush_once(State& state, std::unique_lock<std::mutex>& lock,
                  const std::function<Result<>()>& flush);

  std::mutex mutex_;
  std::condition_variable done_;
  std::unordered_map<std::string, State> states_;
};

}  // namespace veredus::io
