#include "io/reactors.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <numeric>
#include <optional>
#include <string>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <pthread.h>

#include "base/log.h"
#include "io/asio.h"

namespace veredus::io {
namespace {

std::string describe(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& known) {
    return known.what();
  } catch (...) {
    return "not a std::exception";
  }
}

/// Lets clear() end every context before it frees the first one: a task of one reactor may hold
/// an executor of another.
class Context : public asio::io_context {
 public:
  // One thread runs it; others may still post.
  Context() : asio::io_context(1) {}
  void destroy_tasks() { shutdown(); }
};

}  // namespace

class Reactors::Thread final : public Reactor {
 public:
  explicit Thread(unsigned number) : work_(asio::make_work_guard(context_)) {
    thread_ = std::thread([this, number] { run(number); });
  }
  ~Thread() override { stop(); }
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;

  void post(std::move_only_function<void()> work) override {
    asio::post(context_, [this, work = std::move(work)]() mutable {
      try {
        work();
      } catch (...) {
        failed("post", std::current_exception());
      }
    });
  }

  // The task is started by its own thread, so that its frame is only ever touched there.
  void spawn(std::string_view name, Task<> task) override {
    asio::post(context_, [this, name, task = std::move(task)]() mutable {
      asio::co_spawn(context_.get_executor(), std::move(task),
                     [this, name](const std::exception_ptr& exception) {
                       if (exception) failed(name, exception);
                     });
    });
  }

  void stop() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }

  std::uint64_t tasks_failed() const noexcept { return tasks_failed_; }
  Context& context() noexcept { return context_; }

 private:
  void run(unsigned number) {
    pthread_setname_np(pthread_self(), ("reactor-" + std::to_string(number)).c_str());
    context_.run();
  }

  void failed(std::string_view name, const std::exception_ptr& exception) {
    ++tasks_failed_;
    log::error("task_failed", {{"task", name}, {"reason", describe(exception)}});
  }

  std::atomic<std::uint64_t> tasks_failed_ = 0;
  Context context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};

Reactors::Reactors() = default;

Reactors::~Reactors() {
  stop();
  clear();
}

void Reactors::start(unsigned count) {
  for (unsigned number = 0; number < std::max(count, 1U); ++number) {
    threads_.push_back(std::make_unique<Thread>(number));
    pointers_.push_back(threads_.back().get());
  }
}

void Reactors::stop() {
  for (const auto& thread : threads_) thread->context().stop();
  for (const auto& thread : threads_) thread->stop();
}

void Reactors::clear() {
  for (const auto& thread : threads_) thread->context().destroy_tasks();
}

std::uint64_t Reactors::tasks_failed() const noexcept {
  return std::accumulate(
      threads_.begin(), threads_.end(), std::uint64_t{0},
      [](std::uint64_t sum, const auto& thread) { return sum + thread->tasks_failed(); });
}

asio::io_context& Reactors::first_context() noexcept { return threads_.front()->context(); }

}  // namespace veredus::io
