// Sockets that were bound before the server runs: while it was still privileged, or by who
// started it (systemd). io::SocketNetwork listens on these instead of binding anew.

#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "base/result.h"
#include "io/endpoint.h"
#include "io/socket_address.h"

namespace veredus::io {

/// Not thread-safe: the network that has it locks.
class HeldSockets {
 public:
  struct Socket {
    OwnedDescriptor descriptor;
    /// It listens already, and its file, if it has one, is not ours to remove.
    bool inherited = false;
  };

  /// Binds `count` sockets to a TCP endpoint, one for each reactor; they do not listen yet, so that
  /// nobody waits while the rest starts. Errors: unavailable, naming the endpoint and what to do.
  Result<> bind(const Endpoint& endpoint, std::size_t count);

  /// Takes a descriptor over from who started us. Returns where it listens. Errors: malformed (no
  /// listening stream socket, or one of IPv6 that takes IPv4 too: its clients would not look like
  /// the IPv4 addresses that the configuration names).
  Result<Endpoint> adopt(int descriptor);

  bool has(const Endpoint& endpoint) const;

  /// One to listen on: one of those bound, which is then gone, or another descriptor of the one
  /// that was inherited. Nothing when there is none, or no descriptor is left.
  std::optional<Socket> take(const Endpoint& endpoint);

 private:
  std::map<Endpoint, std::vector<OwnedDescriptor>> bound_;
  std::map<Endpoint, OwnedDescriptor> inherited_;
};

}  // namespace veredus::io
