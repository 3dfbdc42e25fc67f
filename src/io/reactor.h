// A thread that runs tasks. A session lives and dies on one reactor, so session code has no lock.

#pragma once

#include <functional>
#include <string_view>

#include "io/task.h"

namespace veredus::io {

class Reactor {
 public:
  virtual ~Reactor() = default;

  /// Runs `work` on this reactor's thread, after what it is doing now. From any thread.
  virtual void post(std::move_only_function<void()> work) = 0;

  /// Starts `task` on this reactor. From any thread. An exception that leaves the task is a bug
  /// of ours: it is logged as `task_failed` with `name` (a constant) and counted; nothing else
  /// is disturbed.
  virtual void spawn(std::string_view name, Task<> task) = 0;
};

}  // namespace veredus::io
