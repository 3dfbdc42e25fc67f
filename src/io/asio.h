// What our own .cc files share of Asio. Internal: no header of ours but these few includes it.

#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/time.h"
#include "io/task.h"

namespace veredus::io {

namespace asio = boost::asio;

/// Error codes, never exceptions: `auto t = co_await x.async_wait(kUseTuple); auto& [ec] = t;`
inline constexpr auto kUseTuple = asio::as_tuple(asio::use_awaitable);

/// A socket we do the system calls of ourselves: Asio only says when it is ready.
using Descriptor = asio::posix::basic_stream_descriptor<asio::io_context::executor_type>;

/// The reactor's context that the calling task runs on. Only for tasks of io/reactors.h.
inline asio::io_context& context_of(const asio::any_io_executor& executor) {
  return static_cast<asio::io_context&>(asio::query(executor, asio::execution::context));
}

/// `start` + `duration`, or the end of time where that would overflow.
inline SteadyTime saturating_add(SteadyTime start, Duration duration) noexcept {
  return duration >= SteadyTime::max() - start ? SteadyTime::max() : start + duration;
}

}  // namespace veredus::io
