// Running a task to its end from a thread that is no reactor's: for commands and tests.

#pragma once

#include <future>
#include <utility>

#include "io/reactor.h"
#include "io/task.h"

namespace veredus::io {

template <class T>
Task<> fulfil(std::promise<T>& promise, Task<T> task) {
  T value = co_await std::move(task);
  promise.set_value(std::move(value));
}

inline Task<> fulfil(std::promise<void>& promise, Task<> task) {
  co_await std::move(task);
  promise.set_value();
}

/// Blocks until `task`, run on `reactor`, has its result. Not on a reactor's thread. The task must
/// not throw.
template <class T>
T wait_for(Reactor& reactor, Task<T> task) {
  std::promise<T> promise;
  auto future = promise.get_future();
  reactor.spawn("wait_for", fulfil(promise, std::move(task)));
  return future.get();
}

}  // namespace veredus::io
