#include "mail/policy/relay.h"

#include <algorithm>

namespace veredus::policy {

bool RelayRule::is_trusted(const io::Endpoint& client) const {
  return client.is_unix() || std::ranges::any_of(config_.networks, [&](const IpNetwork& network) {
           return network.contains(client.address());
         });
}

}  // namespace veredus::policy
