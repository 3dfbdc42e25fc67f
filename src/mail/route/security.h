// How private a connection to a next hop must be, and who we say we are there.

#pragma once

#include <cstdint>
#include <string>

namespace veredus::route {

/// How much TLS a next hop must speak.
enum class TlsUse : std::uint8_t {
  none,           ///< Never asked for.
  opportunistic,  ///< Used where it is offered, whoever the certificate is for (RFC 7435).
  require,        ///< Nothing goes in the clear; whoever the certificate is for.
  verify,         ///< And the certificate must be the next hop's (RFC 6125).
};

struct HopSecurity {
  TlsUse tls = TlsUse::opportunistic;
  bool at_once = false;       ///< TLS before the greeting (RFC 8314 §3), as port 465 has it.
  std::string user = {};      ///< For AUTH (RFC 4954); empty: we do not authenticate.
  std::string password = {};  ///< Belongs to it.

  friend bool operator==(const HopSecurity&, const HopSecurity&) = default;
};

}  // namespace veredus::route
