// The certificates a server works with now: read again when their files change.

#pragma once

#include <atomic>
#include <memory>

#include "io/system.h"
#include "io/tls/file_marks.h"
#include "io/tls/server.h"

namespace veredus::io {

/// From any thread, but for what says otherwise. Connections go on with the certificate they began
/// with.
class TlsKeeper {
 public:
  /// How often the files are looked at.
  static constexpr std::chrono::seconds kLookEvery{30};
  /// Certificates are warned of from this long before they expire, once a day.
  static constexpr std::chrono::hours kWarnBefore{14 * 24};

  /// Reads the files: blocks. `system` outlives it. Errors as TlsServer::load().
  [[nodiscard]] static Result<std::unique_ptr<TlsKeeper>> make(const TlsServerConfig& config,
                                                               const System& system);

  std::shared_ptr<const TlsServer> current() const { return current_.load(); }

  /// Looks at the files until the reactor ends. On the first reactor. A file that cannot be read
  /// changes nothing: `tls_reload_failed` in the log, once for each change.
  static Task<> watch(TlsKeeper& keeper);

  /// From now on these; reads them. On the first reactor. Errors: as load(); then nothing changes.
  Task<Result<>> replace(TlsServerConfig config);

 private:
  TlsKeeper(TlsServerConfig config, const System& system)
      : config_(std::move(config)), system_(system) {}

  Task<> look();
  void warn_of_expiry();

  TlsServerConfig config_;
  const System system_;
  FileMarks marks_;
  std::atomic<std::shared_ptr<const TlsServer>> current_;
  WallTime warned_{};
};

}  // namespace veredus::io
