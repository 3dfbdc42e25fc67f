// The client's side of TLS: whom we trust, and the handshake.

#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "io/tls/server.h"
#include "io/tls/stream.h"

namespace veredus::io {

struct TlsClientConfig {
  std::string ca_file = {};   ///< PEM; empty: those of the system.
  std::string crl_file = {};  ///< PEM: what authorities have revoked; empty: none.
  TlsVersion version_min = TlsVersion::tls_1_2;
  TlsCertificate certificate = {};  ///< Ours, for servers that ask; empty: none.
  /// Reads `certificate`; see TlsServerConfig::reader.
  std::shared_ptr<const FileReader> reader = nullptr;

  /// `ca_file`, or that of the system.
  std::string authorities() const {
    return ca_file.empty() ? "/etc/ssl/certs/ca-certificates.crt" : ca_file;
  }
  bool names_files() const noexcept {
    return !ca_file.empty() || !crl_file.empty() || has_certificate();
  }
  bool has_certificate() const noexcept { return !certificate.certificate_file.empty(); }

  friend bool operator==(const TlsClientConfig&, const TlsClientConfig&) = default;
};

/// Thread-safe.
class TlsClient {
 public:
  /// Reads the files: blocks. Errors as TlsServer::load().
  [[nodiscard]] static Result<std::shared_ptr<const TlsClient>> load(const TlsClientConfig& config);
  virtual ~TlsClient() = default;

  struct Wish {
    std::string name = {};         ///< The server's: a DNS name or an IP address (RFC 6125 §6).
    std::string session_key = {};  ///< Sessions are resumed among equal ones; empty: never.
    bool must_verify = false;      ///< A certificate that is not good for `name` is an error.
  };
  /// As TlsServer::accept(). Errors too: refused (must_verify; the text says what is wrong with the
  /// certificate).
  virtual Task<Result<const TlsStream*>> connect(std::unique_ptr<Stream>& stream, Wish wish,
                                                 Duration deadline) const = 0;
};

}  // namespace veredus::io
