// The doors: listens on every reactor, seats clients, and sees everybody out at the end.

#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "base/result.h"
#include "io/network.h"
#include "io/reactor.h"
#include "io/task.h"
#include "mail/accept/client_limits.h"
#include "mail/accept/port.h"
#include "mail/accept/settings.h"

namespace veredus::accept {

/// Lives from start() until stop() has returned; destroy it when the reactors run no more.
class Server {
 public:
  Server(const Surroundings& surroundings, SharedSettings settings);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Listens with every reactor (on a Unix socket: with the first). Where port 0 is asked for,
  /// returns the port that was found. Errors: unavailable, with the endpoint.
  [[nodiscard]] Result<io::Endpoint> listen(const Listen& listen);

  /// Sessions from now on use these; those that are open go on with theirs. From any reactor.
  void replace(SharedSettings settings);
  /// What they use now. From any reactor.
  SharedSettings settings() const { return settings_.load(); }

  /// Stops listening, lets every session finish its command and say 421; returns when all are
  /// gone, or after AcceptConfig::stop_deadline. On the first reactor.
  io::Task<> stop();

  std::uint32_t session_count() const { return limits_.total(); }

 private:
  class Door;

  static io::Task<> take_clients(Server& server, Door& door, io::Listener& listener, Port port);
  static io::Task<> serve(Server& server, Door& door, std::unique_ptr<io::Stream> stream,
                          Port port);
  static io::Task<> turn_away(std::unique_ptr<io::Stream> stream, std::string reply);

  Surroundings surroundings_;
  std::atomic<SharedSettings> settings_;
  ClientLimits limits_;
  std::vector<std::unique_ptr<Door>> doors_;
  std::atomic<std::uint64_t> next_session_;
};

}  // namespace veredus::accept
