// Listening and connecting, as a seam: sockets in production, memory in simulation.

#pragma once

#include <memory>
#include <optional>

#include "base/result.h"
#include "base/time.h"
#include "io/endpoint.h"
#include "io/stream.h"
#include "io/task.h"

namespace veredus::io {

/// Bound and listening. Belongs to the reactor that calls accept().
class Listener {
 public:
  virtual ~Listener() = default;

  /// The next client. When the system is out of descriptors or memory it logs `accept_failed`,
  /// pauses 200 ms and goes on: neither is a reason to stop listening. Error: cancelled, after
  /// close().
  virtual Task<Result<std::unique_ptr<Stream>>> accept() = 0;
  virtual void close() noexcept = 0;
  /// With the real port where 0 was asked for.
  virtual const Endpoint& local() const noexcept = 0;
};

struct ConnectOptions {
  std::optional<IpAddress> source;  ///< Bind to this address first.
  Duration deadline = std::chrono::seconds(30);
};

/// Thread-safe; what it returns belongs to the calling reactor.
class Network {
 public:
  virtual ~Network() = default;

  /// Listens with SO_REUSEADDR and SO_REUSEPORT, so that every reactor has a listener of its
  /// own on the same endpoint (an IPv6 one takes IPv6 alone). A Unix socket that nobody listens
  /// on any more is replaced. Errors: unavailable, naming the endpoint and what to do.
  virtual Result<std::unique_ptr<Listener>> listen(const Endpoint& endpoint) = 0;

  /// Errors: unavailable (refused, no route, ...; the text names the endpoint), cancelled
  /// (deadline).
  virtual Task<Result<std::unique_ptr<Stream>>> connect(Endpoint endpoint,
                                                        ConnectOptions options) = 0;
};

}  // namespace veredus::io
