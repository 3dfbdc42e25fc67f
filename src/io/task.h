// Task<T>: a coroutine that waits for input, output or time without blocking its thread.

#pragma once

#include <boost/asio/awaitable.hpp>

namespace veredus::io {

/// Starts when awaited (or spawned on a Reactor) and runs on the reactor it was started on,
/// whichever thread completes what it waits for.
template <class T = void>
using Task = boost::asio::awaitable<T>;

}  // namespace veredus::io
