// Who may send where through us: the rule that keeps us from being an open relay.
// docs/relaying.md has the same table for postmasters.

#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/ip.h"
#include "io/endpoint.h"

namespace veredus::policy {

struct RelayConfig {
  /// Clients that may send to anywhere. Default: this machine.
  std::vector<IpNetwork> networks;
};

/// What a client came for: the port says so.
enum class Service : std::uint8_t {
  smtp,        ///< Mail between servers, port 25 (RFC 5321).
  submission,  ///< Mail from our users, ports 587 and 465 (RFC 6409, RFC 8314).
};

/// Who the client is.
enum class Party : std::uint8_t {
  stranger,
  /// Its address is in RelayConfig::networks, or it came over a Unix socket (whoever may open that
  /// is on this machine).
  trusted,
  account,  ///< It proved to be one of our accounts.
};

/// Whose a recipient's domain is.
enum class Destination : std::uint8_t {
  ours,    ///< A domain whose mail ends here.
  relay,   ///< A domain we forward for anyone.
  others,  ///< Everybody else's.
};

enum class Ruling : std::uint8_t {
  accept,
  deny,
  authenticate,  ///< Not before the client has said who it is (RFC 6409 §4.3).
};

/// The whole rule:
///
///     service      party      ours           relay          others
///     smtp         stranger   accept         accept         deny
///     smtp         trusted    accept         accept         accept
///     smtp         account    accept         accept         accept
///     submission   stranger   authenticate   authenticate   authenticate
///     submission   trusted    authenticate   authenticate   authenticate
///     submission   account    accept         accept         accept
constexpr Ruling rule(Service service, Party party, Destination destination) noexcept {
  if (party == Party::account) return Ruling::accept;
  if (service == Service::submission) return Ruling::authenticate;
  if (party == Party::trusted || destination != Destination::others) return Ruling::accept;
  return Ruling::deny;
}

class RelayRule {
 public:
  explicit RelayRule(RelayConfig config) : config_(std::move(config)) {}

  bool is_trusted(const io::Endpoint& client) const;
  Party party(const io::Endpoint& client, bool is_account) const {
    if (is_account) return Party::account;
    return is_trusted(client) ? Party::trusted : Party::stranger;
  }

 private:
  RelayConfig config_;
};

}  // namespace veredus::policy
