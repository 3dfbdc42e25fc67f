// Running a task to its end from the main thread of a command.

#pragma once

#include <future>
#include <utility>

#include "io/reactor.h"
#include "io/task.h"

namespace veredus::commands {

template <class T>
io::Task<> fulfil(std::promise<T>& promise, io::Task<T> task) {
  T value = co_await std::move(task);
  promise.set_value(std::move(value));
}

/// Blocks until `task`, run on `reactor`, has its result. Not on a reactor's thread.
template <class T>
T wait_for(io::Reactor& reactor, io::Task<T> task) {
  std::promise<T> promise;
  auto future = promise.get_future();
  reactor.spawn("command", fulfil(promise, std::move(task)));
  return future.get();
}

}  // namespace veredus::commands
