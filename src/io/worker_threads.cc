#include "io/worker_threads.h"

#include <algorithm>
#include <exception>
#include <string>

#include <pthread.h>

#include "io/callback.h"

namespace veredus::io {
namespace {

/// A job and the end it came to.
struct Job {
  void run_guarded() {
    try {
      work();
    } catch (...) {
      exception = std::current_exception();
    }
  }

  std::move_only_function<void()> work;
  std::exception_ptr exception;
};

}  // namespace

WorkerThreads::WorkerThreads(unsigned count) {
  for (unsigned number = 0; number < std::max(count, 1U); ++number)
    threads_.emplace_back([this, number] { serve(number); });
}

WorkerThreads::~WorkerThreads() { stop(); }

Task<> WorkerThreads::run(std::move_only_function<void()> job) {
  Job guarded{std::move(job), nullptr};
  co_await await_callback<void>([this, &guarded](Resume<> resume) {
    start([&guarded, resume = std::move(resume)]() mutable {
      guarded.run_guarded();
      resume();
    });
  });
  if (guarded.exception) std::rethrow_exception(guarded.exception);
}

void WorkerThreads::stop() {
  std::deque<std::move_only_function<void()>> dropped;
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    dropped.swap(queue_);
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void WorkerThreads::start(std::move_only_function<void()> job) {
  {
    const std::scoped_lock lock(mutex_);
    if (stopping_) return;
    queue_.push_back(std::move(job));
  }
  changed_.notify_one();
}

void WorkerThreads::serve(unsigned number) {
  pthread_setname_np(pthread_self(), ("worker-" + std::to_string(number)).c_str());
  for (;;) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    std::move_only_function<void()> job = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    job();
  }
}

}  // namespace veredus::io
