// The server's side of TLS: certificates, and the handshake.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "io/tls/stream.h"

namespace veredus::io {

enum class TlsVersion : std::uint8_t { tls_1_2, tls_1_3 };

/// PEM files.
struct TlsCertificate {
  std::string certificate_file = {};  ///< The certificate, then those between it and the root.
  std::string key_file = {};

  friend bool operator==(const TlsCertificate&, const TlsCertificate&) = default;
};

/// The octets of a file. Errors: unavailable; the text is the reason alone.
using FileReader = std::function<Result<std::string>(const std::string& path)>;

struct TlsServerConfig {
  /// The client's SNI chooses by the names in them; the first is for all other names.
  std::vector<TlsCertificate> certificates = {};
  TlsVersion version_min = TlsVersion::tls_1_2;
  /// Clients are asked for a certificate of these authorities; empty: they are not asked. Who has
  /// none, or a bad one, is served all the same: TlsInfo says what it is.
  std::string client_ca_file = {};
  std::string crl_file = {};  ///< PEM: which of those were revoked; empty: none.
  /// Reads certificates and keys, such as those that only root may read and that were read before
  /// this process became another user. Null: from the disk.
  std::shared_ptr<const FileReader> reader = nullptr;

  friend bool operator==(const TlsServerConfig&, const TlsServerConfig&) = default;
};

/// Certificates and keys as they were when they were read. Immutable; thread-safe.
class TlsServer {
 public:
  /// Reads the files: blocks. Errors: malformed, unavailable; a line for each file that is wrong.
  [[nodiscard]] static Result<std::shared_ptr<const TlsServer>> load(const TlsServerConfig& config);
  virtual ~TlsServer() = default;

  /// The handshake. Then `stream` is a TlsStream on top of what it was, and this is it; on an error
  /// it is as it was, but good for nothing but to be closed. `this` and `stream` outlive the
  /// call. Errors: unavailable, cancelled (deadline).
  virtual Task<Result<const TlsStream*>> accept(std::unique_ptr<Stream>& stream,
                                                Duration deadline) const = 0;

  struct Expiry {
    std::string certificate_file = {};
    WallTime not_after{};
  };
  virtual std::vector<Expiry> expiries() const = 0;
};

/// Writes a key (EC P-256, mode 0600) and a certificate that vouches for itself, good for ten
/// years. Blocks. Errors: unavailable.
[[nodiscard]] Result<> make_self_signed(const std::vector<std::string>& names,
                                        const TlsCertificate& files);

}  // namespace veredus::io
