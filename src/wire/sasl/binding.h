// What ties a SASL exchange to the TLS connection it runs in (RFC 5056, RFC 5802 §6).

#pragma once

#include <string>

namespace veredus::sasl {

/// Raw octets, as OpenSSL gives them; empty: not available. Fill `exporter` for TLS 1.3 and
/// `unique` for TLS 1.2; a client with both uses `exporter`, a server takes the one the client
/// names.
struct Binding {
  std::string exporter;  ///< tls-exporter (RFC 9266), 32 octets.
  std::string unique;    ///< tls-unique (RFC 5929 §3). Not defined for TLS 1.3.

  bool available() const noexcept { return !exporter.empty() || !unique.empty(); }
};

}  // namespace veredus::sasl
