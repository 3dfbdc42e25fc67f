// Who may send where through us: the rule that keeps us from being an open relay.

#pragma once

#include <cstdint>
#include <vector>

#include "base/ip.h"
#include "io/endpoint.h"

namespace veredus::policy {

struct RelayConfig {
  /// Clients that may send to anywhere. Default: this machine.
  std::vector<IpNetwork> networks;
};

/// Whose a recipient's domain is.
enum class Destination : std::uint8_t {
  ours,    ///< A domain whose mail ends here.
  relay,   ///< A domain we forward for anyone.
  others,  ///< Everybody else's.
};

/// The table; a client is "trusted" when its address is in RelayConfig::networks, or when it came
/// over a Unix socket (whoever may open that is on this machine).
///
///     client      ours     relay    others
///     trusted     accept   accept   accept
///     stranger    accept   accept   refuse
class RelayRule {
 public:
  explicit RelayRule(RelayConfig config) : config_(std::move(config)) {}

  bool is_trusted(const io::Endpoint& client) const;
  bool may_send(const io::Endpoint& client, Destination destination) const {
    return destination != Destination::others || is_trusted(client);
  }

 private:
  RelayConfig config_;
};

}  // namespace veredus::policy
