// Waiting in a coroutine for a callback that some other thread calls: the bridge from libraries
// with threads of their own (workers, RocksDB, libunbound) to tasks. Internal: for .cc files.

#pragma once

#include <exception>
#include <functional>
#include <type_traits>
#include <utility>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "io/task.h"

namespace veredus::io {

namespace detail {

template <class T>
struct Continuation {
  using Signature = void(T);
};
template <>
struct Continuation<void> {
  using Signature = void();
};

}  // namespace detail

/// Continues a task that waits in await_callback(). Move-only; call it at most once, from any
/// thread: the task goes on later, on its own reactor, never inside the call. A task whose
/// Resume is destroyed without a call is destroyed too, on its reactor.
template <class T = void>
using Resume = std::move_only_function<typename detail::Continuation<T>::Signature>;

/// Suspends the calling task, calls `start(Resume<T>)` on this thread, and returns what the
/// Resume was called with. `start` must not throw; it is moved into the coroutine's frame, which
/// lives until then, so it may refer to variables of the caller.
///
///   auto saved = co_await await_callback<Result<>>([&](Resume<Result<>> resume) {
///     engine_.save(batch, std::move(resume));
///   });
///
/// A Resume must be called or destroyed before the reactors are (io/reactors.h says when).
template <class T, class Start>
Task<T> await_callback(Start start) {
  static_assert(!std::is_same_v<T, std::exception_ptr>, "Asio would throw it");
  namespace asio = boost::asio;
  auto initiate = [&start](auto handler) {
    auto executor = asio::prefer(asio::get_associated_executor(handler),
                                 asio::execution::outstanding_work.tracked);
    start(Resume<T>([handler = std::move(handler), executor](auto... value) mutable {
      asio::post(executor, [handler = std::move(handler), ... value = std::move(value)]() mutable {
        std::move(handler)(std::move(value)...);
      });
    }));
  };
  using Signature = typename detail::Continuation<T>::Signature;
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&, Signature>(
      initiate, asio::use_awaitable);
}

}  // namespace veredus::io
