// What delivery works with: one immutable value, swapped as a whole on reload.

#pragma once

#include <memory>
#include <vector>

#include "io/endpoint.h"
#include "io/tls/client_source.h"
#include "mail/deliver/config.h"
#include "mail/route/hosts.h"
#include "mail/route/router.h"

namespace veredus::deliver {

struct Settings {
  DeliverConfig deliver;
  std::shared_ptr<const route::Router> router;
  std::vector<io::Endpoint> own_endpoints;  ///< Where we listen: an MX list is cut there.
  std::shared_ptr<const io::TlsClientSource> tls = nullptr;  ///< Null: TLS is never asked for.

  route::HostSearch host_search() const {
    return route::HostSearch{deliver.hostname, own_endpoints, deliver.port, deliver.ipv6,
                             deliver.hosts_max};
  }
};

using SharedSettings = std::shared_ptr<const Settings>;

}  // namespace veredus::deliver
