// A program that runs as a child of this process.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace veredus::io {

/// How it ended: its exit status, or 128 and the number of the signal that ended it.
inline constexpr int kEndedBySignal = 128;

/// Movable; its end is the child's. Not thread-safe.
class Child {
 public:
  /// Runs the program `arguments[0]` (a path) with these arguments, nothing to read, and what it
  /// writes appended to the file `output`. It inherits no descriptor, and has a process group of
  /// its own, so that Ctrl-C on a terminal is not its business. The kernel kills it when the
  /// calling thread ends, however that happens: start it from a thread that lives as long as it
  /// should. A program that cannot be run is a child that ends with status 127. Errors:
  /// unavailable.
  static Result<Child> start(const std::vector<std::string>& arguments, const std::string& output);

  /// Kills it, if it still runs, and waits for its end.
  ~Child();
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// How it ended, or nothing while it runs.
  std::optional<int> ended();
  /// Blocks until it has ended.
  int wait();
  /// Sends it a signal, if it still runs.
  void signal(int number);
  int pid() const noexcept { return pid_; }

 private:
  explicit Child(int pid) : pid_(pid) {}

  int pid_ = -1;  // -1: moved from
  std::optional<int> status_;
};

/// The path by which this very program can be started again, whatever became of its file.
std::string own_program();

}  // namespace veredus::io
