// What an address we listen on is for.

#pragma once

#include <cstdint>

#include "io/endpoint.h"
#include "mail/policy/relay.h"

namespace veredus::accept {

/// When TLS begins.
enum class TlsStart : std::uint8_t {
  on_request,  ///< With STARTTLS (RFC 3207).
  at_once,     ///< Before the greeting (RFC 8314 §3).
};

struct Port {
  policy::Service service = policy::Service::smtp;
  TlsStart tls = TlsStart::on_request;

  friend bool operator==(const Port&, const Port&) = default;
};

struct Listen {
  io::Endpoint endpoint;
  Port port = {};

  friend bool operator==(const Listen&, const Listen&) = default;
};

}  // namespace veredus::accept
