// What the server does before its first thread: it takes what needs privilege, and then gives the
// privilege up.

#pragma once

#include <memory>
#include <optional>

#include "base/result.h"
#include "io/held_sockets.h"
#include "io/sandbox/kept_files.h"
#include "io/sandbox/sandbox.h"
#include "io/sandbox/service_manager.h"
#include "io/tls/server.h"
#include "main/config/load.h"

namespace veredus {

/// A process that is ready to become a server: unprivileged and confined.
struct Prepared {
  io::ServiceManager manager;
  std::shared_ptr<io::HeldSockets> sockets;
  unsigned reactors = 1;
  /// What only root can read, as it was kept.
  std::shared_ptr<io::KeptFiles> files;
  /// Reads certificates and keys; those in `files` from there, where need be.
  std::shared_ptr<const io::FileReader> reader;
  io::SandboxReport report;
};

/// Takes the sockets that systemd passed, binds all others, reads the files that only root can,
/// makes the storage folder, becomes [process] user and enters the sandbox. Call it once, while
/// the process has one thread. Errors: unavailable, refused, malformed; the text says what to do,
/// and the process must end.
[[nodiscard]] Result<std::unique_ptr<Prepared>> prepare(const config::Loaded& loaded);

/// Whom the process becomes; nothing when it stays who it is. Errors: refused (there is no such
/// user; the text says what to type), unavailable.
[[nodiscard]] Result<std::optional<io::User>> user_to_become(const config::Process& process);

/// Logs `process_secured`, and what else the postmaster should know of it.
void log_prepared(const Prepared& prepared);

/// The files that the server of this configuration works with.
io::FileRules file_rules(const config::Loaded& loaded);

}  // namespace veredus
