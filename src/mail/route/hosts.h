// From a next hop to the addresses to try, in order (RFC 5321 §5.1, RFC 7505).

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "io/random.h"
#include "io/resolver.h"
#include "io/task.h"
#include "mail/route/router.h"

namespace veredus::route {

/// One address of one host that may take the mail.
struct Host {
  std::string name;  ///< As the MX record or configuration names it.
  IpAddress address;
  std::uint16_t port = 25;
  bool secure = false;  ///< Every answer on the way here was validated by DNSSEC.
};

/// A host that could not be resolved just now.
struct Unresolved {
  std::string host;
  std::string why;  ///< With a status code in front.
};

/// Where the mail of a next hop may go.
struct Hosts {
  std::vector<Host> list;  ///< In the order to try them; at least one.
  /// The best of those that are missing from the list only because of a temporary failure.
  std::optional<Unresolved> unresolved;
};

struct HostSearch {
  std::string own_name;                     ///< Our host name: an MX list is cut where it stands.
  std::vector<io::Endpoint> own_endpoints;  ///< Where we listen: as own_name.
  std::uint16_t mx_port = 25;
  bool ipv6 = true;
  std::size_t hosts_max = 20;  ///< Names looked up, and addresses in all; the rest are not tried.
};

/// Hosts in the order to try them: MX by preference, at random among equals; each host's
/// addresses as resolved, IPv6 and IPv4 alternating. No MX: the domain's own A and AAAA.
/// Errors, with an enhanced status code in front of the text: refused (no such domain, null MX, we
/// are the best MX ourselves so that mail loops back, no MX host has an address), unavailable
/// (temporary DNS failure; a configured host without address). `search`, `resolver` and `random`
/// outlive the call.
io::Task<Result<Hosts>> find_hosts(NextHop next_hop, const HostSearch& search,
                                   io::Resolver& resolver, io::Random& random);

}  // namespace veredus::route
