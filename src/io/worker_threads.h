// The threads of production for work that blocks.

#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "io/workers.h"

namespace veredus::io {

class WorkerThreads final : public Workers {
 public:
  /// `count` threads, at least one.
  explicit WorkerThreads(unsigned count);
  ~WorkerThreads() override;
  WorkerThreads(const WorkerThreads&) = delete;
  WorkerThreads& operator=(const WorkerThreads&) = delete;

  /// An exception that leaves `job` goes on in the caller.
  Task<> run(std::move_only_function<void()> job) override;
  void start(std::move_only_function<void()> job) override;

  /// Ends the threads, each after the job in hand; jobs that wait are dropped, and later ones
  /// too. The reactors must have been stopped, but not cleared (io/reactors.h).
  void stop();

 private:
  void serve(unsigned number);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::move_only_function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace veredus::io
