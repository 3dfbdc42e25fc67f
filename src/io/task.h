// Task<T>: a coroutine that waits for input, output or time without blocking its thread.

#pragma once

#include <cstddef>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "io/frame_memory.h"

// Asio keeps two frames a thread, and a command that is read, done and answered takes many more.
// Here, where every user of Task sees it before there is a coroutine, as the language wants it; the
// class is Asio's own, and an Asio without it does not compile with this.
template <>
inline void* boost::asio::detail::awaitable_frame_base<boost::asio::any_io_executor>::operator new(
    std::size_t size) {
  return veredus::io::take_frame(size);
}
template <>
inline void
boost::asio::detail::awaitable_frame_base<boost::asio::any_io_executor>::operator delete(
    void* pointer, std::size_t size) {
  veredus::io::give_frame(pointer, size);
}

namespace veredus::io {

/// Starts when awaited (or spawned on a Reactor) and runs on the reactor it was started on,
/// whichever thread completes what it waits for.
template <class T = void>
using Task = boost::asio::awaitable<T>;

}  // namespace veredus::io
