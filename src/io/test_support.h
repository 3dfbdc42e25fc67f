// For tests of tasks: run one to its end from an ordinary thread.

#pragma once

#include <cstdlib>
#include <filesystem>
#include <future>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "io/reactors.h"

namespace veredus::io {

template <class T>
Task<> fulfil(std::promise<T>& promise, Task<T> task) {
  auto value = co_await std::move(task);
  promise.set_value(std::move(value));
}

inline Task<> fulfil(std::promise<void>& promise, Task<> task) {
  co_await std::move(task);
  promise.set_value();
}

/// Runs `task` on `reactor` and waits for its result. The task must not throw.
template <class T>
T run_on(Reactor& reactor, Task<T> task) {
  std::promise<T> promise;
  auto future = promise.get_future();
  reactor.spawn("test", fulfil(promise, std::move(task)));
  return future.get();
}

/// A test with reactor threads.
class ReactorTest : public testing::Test {
 protected:
  ReactorTest() { reactors_.start(2); }

  Reactor& first() { return *reactors_.all()[0]; }
  Reactor& second() { return *reactors_.all()[1]; }

  Reactors reactors_;
};

/// A folder for one test, removed with all that is in it.
class TemporaryFolder {
 public:
  TemporaryFolder() : path_(testing::TempDir() + "veredus_XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr) std::abort();
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

}  // namespace veredus::io
