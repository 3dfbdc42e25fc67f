// Time as a seam: production asks the operating system, simulation decides.

#pragma once

#include <memory>

#include "base/time.h"
#include "io/task.h"

namespace veredus::io {

/// Something a task can wait for with a deadline, and other code on the same reactor can raise.
/// Not thread-safe: from another thread, raise it through Reactor::post. One waiter at a time.
class Signal {
 public:
  virtual ~Signal() = default;

  /// True when raised (also when it was raised before the call, which uses that up), false
  /// when `deadline` came first.
  virtual Task<bool> wait_until(SteadyTime deadline) = 0;
  /// Waits until raised.
  virtual Task<> wait() = 0;
  virtual void raise() = 0;
};

/// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  virtual SteadyTime now() const = 0;
  virtual WallTime wall() const = 0;
  virtual Task<> sleep_for(Duration duration) = 0;
  /// A signal for use on one reactor.
  virtual std::unique_ptr<Signal> signal() = 0;
};

}  // namespace veredus::io
