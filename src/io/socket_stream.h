// A connected TCP or Unix socket as a Stream. Internal.

#pragma once

#include <array>
#include <memory>

#include <sys/uio.h>

#include "io/asio.h"
#include "io/socket_address.h"
#include "io/stream.h"

namespace veredus::io {

/// Tries each system call at once, and waits only when the socket is not ready.
///
/// Deadlines cost no timer per operation: each operation only notes when it expires, and one
/// timer a stream, set to the earliest time it was ever asked for, looks at the notes when it
/// fires and goes on to the next. A deadline that is always the same moves the timer once in
/// that time, whatever the number of operations.
class SocketStream final : public Stream {
 public:
  /// On the reactor of `context`. Takes the socket, which is non-blocking.
  SocketStream(asio::io_context& context, OwnedDescriptor socket, Endpoint peer, Endpoint local);
  ~SocketStream() override;
  SocketStream(const SocketStream&) = delete;
  SocketStream& operator=(const SocketStream&) = delete;

  Task<Result<>> wait_readable(Duration deadline) override;
  Task<Result<std::size_t>> read_some(std::span<char> into, Duration deadline) override;
  Task<Result<>> write_all(std::vector<std::string_view> pieces, Duration deadline) override;
  Task<Result<>> write(const std::string& octets, Duration deadline) override;
  void cancel_read() noexcept override;
  Task<> shutdown() override;
  void close() noexcept override;
  const Endpoint& peer() const noexcept override { return peer_; }
  const Endpoint& local() const noexcept override { return local_; }

  /// Ends a connect() that is under way.
  Task<Result<>> finish_connect(Duration deadline);
  int descriptor() noexcept { return descriptor_.native_handle(); }

 private:
  template <class Unsent>
  Task<Result<>> send_all(Unsent unsent, Duration deadline);
  /// An operation that waits for the socket, or none.
  struct Wait {
    Descriptor::wait_type type;
    SteadyTime expires = SteadyTime::max();
    bool active = false;
    bool expired = false;
    bool cancellable = false;  ///< By cancel_read(), while it is active.
    bool cancelled = false;
  };
  struct Timer;

  Task<Result<>> wait(Wait& wait, Duration deadline);
  void arm(SteadyTime expires);
  /// Ends what has expired and sets the timer for what has not.
  void on_timer();
  void wake_all() noexcept;
  Error lost(int error) const;
  Error expired() const;

  Descriptor descriptor_;
  Endpoint peer_;
  Endpoint local_;
  std::shared_ptr<Timer> timer_;  // Made when first needed; shared with its own handler.
  Wait reading_{Descriptor::wait_read};
  Wait writing_{Descriptor::wait_write};
  bool closed_ = false;
};

}  // namespace veredus::io
