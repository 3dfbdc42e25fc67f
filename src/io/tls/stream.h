// A TLS connection as a Stream (RFC 8446, RFC 5246).

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/stream.h"

namespace veredus::io {

/// What a handshake came to.
struct TlsInfo {
  std::string version;  ///< "TLSv1.3"
  std::string cipher;   ///< "TLS_AES_256_GCM_SHA384"
  bool resumed = false;
  std::string server_name;  ///< By SNI (RFC 6066 §3): what the client asked for; or empty.
  /// The peer's certificate is good: its chain is trusted, and for a server its name is the one
  /// that was wanted.
  bool verified = false;
  std::string problem;  ///< Why not verified, for people; of a client without certificate: empty.
  /// Addresses and names in a verified client's certificate.
  std::vector<std::string> client_names;
};

/// The version, the cipher and whether verified, as trace and log have it.
std::string describe(const TlsInfo& info);

/// Made by TlsServer::accept() or TlsClient::connect(). A peer that ends the connection without
/// saying so under TLS (close_notify) is `unavailable`, never an end of file: what was read may
/// have been cut by somebody on the way (RFC 8446 §6.1).
class TlsStream : public Stream {
 public:
  virtual const TlsInfo& info() const noexcept = 0;
  /// What binds an authentication to this connection: RFC 9266, 32 octets.
  virtual std::string exporter_binding() const = 0;
  /// RFC 5929 §3, before TLS 1.3 alone; else empty.
  virtual std::string unique_binding() const = 0;
};

}  // namespace veredus::io
