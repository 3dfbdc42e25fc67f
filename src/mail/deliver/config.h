// What the postmaster configures about sending mail on.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "io/tls/server.h"
#include "mail/route/security.h"

namespace veredus::deliver {

/// Deadlines are those of RFC 5321 §4.5.3.2, which are minimums.
struct DeliverConfig {
  std::string hostname;     ///< Our name in EHLO and Maildir names. Required.
  std::string mail_folder;  ///< Maildirs are below: `<domain>/<mailbox>`. Required.
  std::uint16_t port = 25;  ///< Of MX hosts. Anything but 25 is for tests.
  bool ipv6 = true;         ///< Use IPv6 addresses of next hops.
  route::TlsUse tls =
      route::TlsUse::opportunistic;  ///< As route::RouteConfig::tls, for which it is.
  io::TlsCertificate certificate;    ///< As io::TlsClientConfig::certificate, for which it is.
  std::optional<IpAddress> source;   ///< Connect from this address; else the system chooses.
  /// Connect from the least used of these; instead of `source`. A next hop of a family that none is
  /// of is connected to from whatever address the system chooses.
  std::vector<IpAddress> sources;
  std::chrono::seconds connect_deadline{30};    ///< To one address. Then the next one is tried.
  std::chrono::seconds greeting_deadline{300};  ///< §4.5.3.2.1: 5 minutes
  std::chrono::seconds command_deadline{300};   ///< §4.5.3.2.2, §4.5.3.2.3: 5 minutes
  std::chrono::seconds data_deadline{120};      ///< §4.5.3.2.4: 2 minutes for 354
  std::chrono::seconds block_deadline{180};     ///< §4.5.3.2.5: 3 minutes for each piece taken
  std::chrono::seconds final_deadline{600};     ///< §4.5.3.2.6: 10 minutes for the last reply
  std::chrono::milliseconds idle{2000};         ///< A connection waits this long for more mail.
  std::uint32_t messages_per_connection_max = 1000;  ///< Then a new connection. >= 1.
  std::uint32_t hosts_max = 10;                      ///< Addresses tried in one attempt. >= 1.
  /// A host that cannot be reached, or greets with a refusal, is left alone this long; twice as
  /// long with each further failure, up to 15 minutes. >= 1 s.
  std::chrono::seconds host_pause{60};

  /// `sources`, or `source` alone.
  std::vector<IpAddress> all_sources() const;
  /// How many source addresses bound the connections in all: those of the family that has fewer of
  /// them, leaving out a family that has none. At least 1.
  std::uint32_t source_count() const;
};

/// Names the key it rejects.
[[nodiscard]] Result<DeliverConfig> checked(DeliverConfig config);

}  // namespace veredus::deliver
