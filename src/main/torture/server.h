// The server that is tortured: this program, run as a child process.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "io/child.h"
#include "io/endpoint.h"
#include "io/system.h"
#include "main/torture/folder.h"

namespace veredus::torture {

/// Where everybody is.
struct Places {
  io::Endpoint server;  ///< Takes the load.
  io::Endpoint sink;    ///< Takes what the server relays.
};

/// What veredus.toml says.
std::string configuration(const Folder& folder, const Places& places);
/// The Maildir of a local mailbox below that configuration.
std::string maildir(const Folder& folder, std::string_view mailbox);

/// A TCP port of `address` where nobody listens, and that the system gives to no connection by
/// itself: else, while the server is down, one of the load could connect to itself there. Errors:
/// unavailable.
io::Task<Result<io::Endpoint>> find_free_port(io::System system, IpAddress address);

/// Its functions block: call them from the thread that lives as long as the run, which must be no
/// reactor's; when that ends so does the server.
class Server {
 public:
  /// Writes the configuration. `folder` outlives it. Errors: unavailable, malformed.
  static Result<Server> make(const io::System& system, const Folder& folder, const Places& places);

  Result<> start();
  /// Whether it takes connections yet.
  bool listens() const;
  bool runs() { return child_ && !child_->ended(); }
  /// kill -9.
  void kill();
  /// SIGTERM. Errors: unavailable (it did not end in time, or not with status 0).
  Result<> stop(std::chrono::seconds patience);

  /// Flushes of its storage since it started; nothing when it does not tell.
  std::optional<std::uint64_t> flushes() const;
  /// Messages in its queue, counted up to `most`. Errors: unavailable.
  Result<std::uint64_t> queued(std::uint64_t most) const;
  /// Whether this one is in its queue. Errors: unavailable.
  Result<bool> has_queued(QueueId id) const;

  /// `veredus storage check`, while it does not run. Errors: unavailable (what that said).
  Result<> check_storage() const;
  /// The last lines of its log.
  std::string log_tail() const;

 private:
  Server(const io::System& system, const Folder& folder, const Places& places, io::Endpoint control)
      : system_(system), folder_(&folder), places_(places), control_(std::move(control)) {}

  Result<std::uint64_t> count(const std::string& request) const;
  Result<> ask(const std::string& request, std::function<void(std::string)> line) const;

  io::System system_;
  const Folder* folder_;
  Places places_;
  io::Endpoint control_;
  std::optional<io::Child> child_;
};

}  // namespace veredus::torture
