// The client's side of TLS, made when it is first needed: reading all authorities takes a while.

#pragma once

#include <atomic>
#include <memory>
#include <utility>

#include "io/tls/client.h"
#include "io/workers.h"

namespace veredus::io {

/// Thread-safe.
class TlsClientSource {
 public:
  explicit TlsClientSource(TlsClientConfig config) : config_(std::move(config)) {}

  const TlsClientConfig& config() const noexcept { return config_; }

  /// The same one each time; its files are read on a worker. `workers` outlive the call. Errors:
  /// as TlsClient::load(); the next call tries again.
  Task<Result<std::shared_ptr<const TlsClient>>> get(Workers& workers) const;

 private:
  TlsClientConfig config_;
  mutable std::atomic<std::shared_ptr<const TlsClient>> client_;
};

}  // namespace veredus::io
