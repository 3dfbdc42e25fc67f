// The network of production: TCP over IPv4 and IPv6, and Unix sockets.

#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/result.h"
#include "io/endpoint.h"
#include "io/held_sockets.h"
#include "io/network.h"

namespace veredus::io {

/// For reactors of io/reactors.h. Linux does the balancing: connections are spread over the
/// listeners of an endpoint. A Unix socket has one listener alone.
class SocketNetwork final : public Network {
 public:
  SocketNetwork() = default;
  /// With sockets that are bound already; from now on only this touches them.
  explicit SocketNetwork(std::shared_ptr<HeldSockets> held) : held_(std::move(held)) {}

  Result<std::unique_ptr<Listener>> listen(const Endpoint& endpoint) override;
  Task<Result<std::unique_ptr<Stream>>> connect(Endpoint endpoint, ConnectOptions options) override;

 private:
  Result<> check_not_taken(const Endpoint& endpoint);
  std::optional<HeldSockets::Socket> take_held(const Endpoint& endpoint);

  std::mutex mutex_;
  std::shared_ptr<HeldSockets> held_;  // Null: there are none. Guarded by mutex_.
  std::set<Endpoint> ours_;  // What this process listens on, or once did; guarded by mutex_.
};

/// What Endpoint::parse reads, or `host:port`, or `host`; a name is looked up as the system does
/// it, and its first address taken. Blocks: for commands, not for reactors. Errors: malformed,
/// unavailable (no such host).
[[nodiscard]] Result<Endpoint> resolve_endpoint(const std::string& text,
                                                std::uint16_t default_port);

}  // namespace veredus::io
