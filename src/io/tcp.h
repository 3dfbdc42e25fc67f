// The network of production: TCP over IPv4 and IPv6, and Unix sockets.

#pragma once

#include <cstdint>
#include <mutex>
#include <set>
#include <string>

#include "base/result.h"
#include "io/endpoint.h"
#include "io/network.h"

namespace veredus::io {

/// For reactors of io/reactors.h. Linux does the balancing: connections are spread over the
/// listeners of an endpoint. A Unix socket has one listener alone.
class SocketNetwork final : public Network {
 public:
  Result<std::unique_ptr<Listener>> listen(const Endpoint& endpoint) override;
  Task<Result<std::unique_ptr<Stream>>> connect(Endpoint endpoint, ConnectOptions options) override;

 private:
  Result<> check_free(const Endpoint& endpoint);

  std::mutex mutex_;
  std::set<Endpoint> ours_;  // What this process listens on, or once did; guarded by mutex_.
};

/// What Endpoint::parse reads, or `host:port`, or `host`; a name is looked up as the system does
/// it, and its first address taken. Blocks: for commands, not for reactors. Errors: malformed,
/// unavailable (no such host).
[[nodiscard]] Result<Endpoint> resolve_endpoint(const std::string& text,
                                                std::uint16_t default_port);

}  // namespace veredus::io
