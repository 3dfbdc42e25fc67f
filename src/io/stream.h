// A connected pair of byte streams: what a TCP or Unix socket is to us. Connection builds lines on
// it.

#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "io/endpoint.h"
#include "io/task.h"

namespace veredus::io {

/// Not thread-safe: use it on the reactor it was accepted or connected on. One reader and one
/// writer at a time.
///
/// Errors of all operations: unavailable (the peer is gone; the text says how), cancelled (the
/// deadline passed, or close() or cancel_read() was called). After an error of write_all(), or
/// of read_some(), only close() is allowed; after a cancelled wait_readable() all is as before.
class Stream {
 public:
  virtual ~Stream() = default;

  /// Returns when bytes, or the peer's end of file, can be read at once. Holds no buffer: an
  /// idle session costs its frame alone.
  virtual Task<Result<>> wait_readable(Duration deadline) = 0;

  /// Reads at least one octet into `into` and returns how many; 0 is the peer's end of file.
  /// `into` belongs to the caller and must live until this returns.
  virtual Task<Result<std::size_t>> read_some(std::span<char> into, Duration deadline) = 0;

  /// Writes all pieces in order, in as few system calls as the system allows. `deadline` is for
  /// progress: it begins anew whenever the peer took some octets. The pieces belong to the
  /// caller and must live until this returns.
  virtual Task<Result<>> write_all(std::vector<std::string_view> pieces, Duration deadline) = 0;

  /// The same for one piece, which is most often all there is.
  virtual Task<Result<>> write(const std::string& octets, Duration deadline) {
    return write_all({octets}, deadline);
  }

  /// Ends a pending wait_readable() with `cancelled`; used to wake idle sessions at shutdown.
  virtual void cancel_read() noexcept = 0;

  /// Says end-of-file to the peer, then closes; unread input doesn't destroy what was written.
  virtual Task<> shutdown() = 0;
  /// Closes at once; pending operations end with `cancelled`.
  virtual void close() noexcept = 0;

  /// The time its deadlines are measured by.
  virtual SteadyTime now() const { return std::chrono::steady_clock::now(); }

  virtual const Endpoint& peer() const noexcept = 0;
  virtual const Endpoint& local() const noexcept = 0;
};

}  // namespace veredus::io
