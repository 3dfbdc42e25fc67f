// The addresses an attempt may connect to, found before they are needed and kept for a moment.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "io/endpoint.h"
#include "io/system.h"
#include "io/task.h"
#include "mail/deliver/settings.h"
#include "mail/route/hosts.h"
#include "mail/route/router.h"

namespace veredus::deliver {

/// One address to connect to.
struct Target {
  io::Endpoint endpoint;
  std::string host;    ///< The host's name in lower case; empty for LMTP.
  std::string remote;  ///< For people: host and address.
};

struct Targets {
  std::vector<Target> list;                     ///< In the order to try them; at least one.
  std::optional<route::Unresolved> unresolved;  ///< See route::Hosts.

  /// Each once, in order.
  std::vector<std::string> host_names() const;
  /// All addresses are of one host.
  bool is_one_host() const;
};

/// Finds the targets of one next hop. Used by one worker on one reactor.
class TargetFinder {
 public:
  /// What was found is used within this time or looked up again.
  static constexpr Duration kLife = std::chrono::seconds(60);

  /// `system` outlives it.
  TargetFinder(route::NextHop next_hop, SharedSettings settings, const io::System& system);

  /// Errors as route::find_hosts. What host_names() found is used once: among MX hosts of equal
  /// preference chance decides anew each time (RFC 5321 §5.1).
  io::Task<Result<Targets>> find();
  /// The names of the hosts, the best first, as they were at most kLife ago. None for LMTP, and
  /// while they cannot be found; then find() tells why.
  io::Task<std::vector<std::string>> host_names();

  bool is_lmtp() const noexcept { return std::holds_alternative<route::Lmtp>(next_hop_); }
  /// The domain's own MX records name the hosts, nobody's configuration.
  bool is_mx() const noexcept { return std::holds_alternative<route::MxDomain>(next_hop_); }

 private:
  io::Task<Result<Targets>> look_up();
  bool is_recent() const;

  route::NextHop next_hop_;
  SharedSettings settings_;
  const io::System& system_;
  std::optional<SteadyTime> looked_up_;  // When, with or without success.
  std::vector<std::string> names_;       // What came of it.
  std::optional<Targets> unused_;
};

}  // namespace veredus::deliver
