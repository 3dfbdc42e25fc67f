// The reactor threads of production. Each runs the tasks that were spawned on it, one at a time.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "io/reactor.h"

namespace boost::asio {
class io_context;
}

namespace veredus::io {

/// Owns the threads and, through them, every task that is suspended on them.
///
/// The end has two steps, because tasks refer to services (clock, storage, resolver), and
/// services continue tasks from their own threads:
///   1. stop(): no task runs any more; posting is still legal, and what is posted never runs;
///   2. end the threads of every service;
///   3. clear(): the suspended tasks are destroyed while what they refer to still lives.
class Reactors {
 public:
  Reactors();
  /// stop(), then clear().
  ~Reactors();
  Reactors(const Reactors&) = delete;
  Reactors& operator=(const Reactors&) = delete;

  /// Starts `count` threads, at least one. Call once.
  void start(unsigned count);
  /// Ends the threads, each after what it is doing now. Not from a reactor's own thread.
  void stop();
  /// Destroys all tasks and posted work; listeners and streams that others own may end until this
  /// is destroyed itself. Precondition: stop() has returned, and no thread posts
  /// or resumes any more.
  void clear();

  /// Valid as long as this.
  std::span<Reactor* const> all() const noexcept { return pointers_; }
  /// How many tasks and posted functions ended with an exception.
  std::uint64_t tasks_failed() const noexcept;

  /// For what is built on Asio itself; internal.
  boost::asio::io_context& first_context() noexcept;

 private:
  class Thread;
  std::vector<std::unique_ptr<Thread>> threads_;
  std::vector<Reactor*> pointers_;
};

}  // namespace veredus::io
