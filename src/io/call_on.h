// Asking another reactor or thread: its answer comes back to the caller's.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "io/clock.h"
#include "io/reactor.h"
#include "io/task.h"

namespace veredus::io {

/// Takes the answer, from any thread, now or later. Call it exactly once; when it is never
/// called, the asking task waits until its reactor ends.
template <class T>
using Answer = std::move_only_function<void(T)>;

/// Suspends the calling task, calls `start` on this thread, and returns the answer on the caller's
/// reactor. In simulation the task waits at a Signal of its own host, so a crash there ends it as
/// any other.
template <class T, class Start>
Task<T> await_answer(Clock& clock, Start start) {
  struct Pending {
    std::unique_ptr<Signal> answered;
    std::optional<T> value;
  };
  auto pending = std::make_shared<Pending>(clock.signal());
  boost::asio::any_io_executor home = co_await boost::asio::this_coro::executor;
  // Weak: an answer may be kept, uncalled, for longer than the reactors and their timers live.
  start(Answer<T>([waits = std::weak_ptr(pending), home](T value) {
    if (auto asked = waits.lock()) {
      asked->value.emplace(std::move(value));
      boost::asio::post(home, [asked = std::move(asked)] { asked->answered->raise(); });
    }
  }));
  co_await pending->answered->wait();
  co_return std::move(*pending->value);
}

/// Runs `work` on `reactor`, waits until it, or what it handed its Answer to, has answered, and
/// returns the answer on the caller's reactor. `work` is destroyed where it ran.
template <class T>
Task<T> call_on(Reactor& reactor, Clock& clock, std::move_only_function<void(Answer<T>)> work) {
  return await_answer<T>(clock, [&reactor, work = std::move(work)](Answer<T> answer) mutable {
    reactor.post([work = std::move(work), answer = std::move(answer)]() mutable {
      work(std::move(answer));
    });
  });
}

}  // namespace veredus::io
