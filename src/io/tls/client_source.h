// The client's side of TLS, made when it is first needed, for reading all authorities takes a
// while; and made anew when its files change.

#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <utility>

#include "base/time.h"
#include "io/tls/client.h"
#include "io/tls/file_marks.h"
#include "io/workers.h"

namespace veredus::io {

/// Thread-safe.
class TlsClientSource {
 public:
  /// How often the files are looked at, where there is anything to do.
  static constexpr std::chrono::seconds kLookEvery{30};

  explicit TlsClientSource(TlsClientConfig config) : config_(std::move(config)) {}

  const TlsClientConfig& config() const noexcept { return config_; }

  /// The same one until its files change, and as long as they are bad then: `tls_reload_failed` in
  /// the log. They are looked at and read on a worker. `this` and `workers` outlive the call.
  /// Errors: as TlsClient::load(), where it was never good; the next call tries again.
  Task<Result<std::shared_ptr<const TlsClient>>> get(Workers& workers, SteadyTime now) const;

 private:
  struct Made {
    std::shared_ptr<const TlsClient> client;
    FileMarks marks;
    SteadyTime looked{};
  };
  using SharedMade = std::shared_ptr<const Made>;

  Task<> look(Workers& workers, SharedMade known) const;

  TlsClientConfig config_;
  mutable std::atomic<SharedMade> made_;
};

}  // namespace veredus::io
