// Threads for work that blocks: disk reads that miss the cache, fsync, password hashing.

#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "io/task.h"

namespace veredus::io {

/// Thread-safe.
class Workers {
 public:
  virtual ~Workers() = default;

  /// Runs `job` on a worker thread and returns on the caller's reactor when it is done. The
  /// queue of waiting jobs is bounded by the callers: each waits for its own.
  virtual Task<> run(std::move_only_function<void()> job) = 0;

  /// Runs `job` on a worker thread some time; nobody waits for it. It must not throw.
  virtual void start(std::move_only_function<void()> job) = 0;
};

/// As Workers::run, with the job's result. `job` is moved into the coroutine's frame.
template <class Job>
Task<std::invoke_result_t<Job&>> run_blocking(Workers& workers, Job job) {
  std::optional<std::invoke_result_t<Job&>> result;
  co_await workers.run([&] { result.emplace(job()); });
  co_return std::move(*result);
}

}  // namespace veredus::io
