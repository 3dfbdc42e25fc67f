// What the postmaster configures about who lives where. Router::make() checks it.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "mail/route/security.h"

namespace veredus::route {

/// A domain whose mail ends here. Local parts are compared without case.
struct DomainConfig {
  std::string name;
  std::vector<std::string> mailboxes;  ///< Local parts, each with a Maildir of its own.
  /// Local part -> addresses; one without `@` is in this domain. An alias that names itself
  /// keeps a copy in its own mailbox.
  std::map<std::string, std::vector<std::string>> aliases;
  std::map<std::string, std::uint64_t> quotas;  ///< Of mailboxes, in octets; without one: none.
  std::string catch_all;         ///< Takes what no mailbox or alias does; as an alias's target.
  std::string subaddress = "+";  ///< Octets that part `user+detail` (RFC 5233); empty: none do.
  /// Empty: Maildir. `lmtp://host:port` or `lmtp:///path/of/socket`: final delivery is another
  /// server's (RFC 2033); then no mailboxes listed means that it knows them and all are accepted.
  std::string deliver;

  friend bool operator==(const DomainConfig&, const DomainConfig&) = default;
};

/// What a configured next hop is trusted with.
struct HopConfig {
  std::optional<TlsUse> tls =
      {};                 ///< Not set: verify where there is a user, else RouteConfig::tls.
  std::string user = {};  ///< For AUTH; empty: none.
  std::string password_file = {};  ///< Its first line is the password.
  std::string password = {};       ///< What was read there.

  friend bool operator==(const HopConfig&, const HopConfig&) = default;
};

/// A next hop for some domains, instead of their MX.
struct StaticRoute {
  std::string domain;  ///< `example.org`, or `*.example.org` for the names below it.
  std::string to =
      "mx";  ///< `host:port`, `host` (port 25), or `mx` to except it from the smart host.
  HopConfig hop = {};

  friend bool operator==(const StaticRoute&, const StaticRoute&) = default;
};

struct RouteConfig {
  std::string hostname;                  ///< Our name. Required.
  std::vector<IpAddress> own_addresses;  ///< `user@[address]` with these is ours (RFC 5321 §4.1.3).
  std::vector<DomainConfig> domains;     ///< The first takes mail for <postmaster> and literals.
  std::vector<std::string> relay_domains;  ///< Relayed to for anyone; `*.` as in StaticRoute.
  std::vector<StaticRoute> routes;         ///< Exact names win, then the longest `*.`.
  std::string smart_host;                  ///< Takes all other mail; as StaticRoute::to. Empty: MX.
  HopConfig smart_host_hop = {};
  TlsUse tls = TlsUse::opportunistic;  ///< Of next hops that nothing else is said of.
  std::size_t expansions_max = 1000;   ///< Addresses one recipient may stand for. >= 1.
  std::size_t alias_depth_max = 10;    ///< Aliases within aliases.

  friend bool operator==(const RouteConfig&, const RouteConfig&) = default;
};

}  // namespace veredus::route
