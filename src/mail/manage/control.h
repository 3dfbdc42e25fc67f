// The control socket: how commands on this machine talk to the running server.
//
// A Unix socket that only the server's own user may open. One request a line, one JSON object
// (requests.h); the answer is any number of lines, each a JSON object, and then {"end":true} or
// {"error":"..."}.

#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "io/connection.h"
#include "io/endpoint.h"
#include "io/system.h"
#include "io/task.h"
#include "mail/manage/requests.h"

namespace veredus::manage {

/// The server's side. Destroy it when the reactors run no more.
class ControlServer {
 public:
  ControlServer(const io::System& system, Surroundings surroundings)
      : system_(system), surroundings_(std::move(surroundings)) {}

  /// Takes clients on the first reactor, which must be the calling one. Errors: unavailable.
  Result<> listen(const io::Endpoint& socket);
  /// No new clients; those that are there are cut off when the reactors end.
  void stop();

 private:
  static constexpr long kClientsMax = 16;

  /// Each client keeps a reference until its end, whatever that is.
  struct Seats {};

  static io::Task<> take_clients(ControlServer& server);
  static io::Task<> serve(ControlServer& server, std::unique_ptr<io::Stream> stream,
                          std::shared_ptr<const Seats> seat);

  io::System system_;
  Surroundings surroundings_;
  std::unique_ptr<io::Listener> listener_;
  std::shared_ptr<const Seats> seats_ = std::make_shared<const Seats>();
};

/// The commands' side: sends one request and gives each line of the answer to `line`.
/// Errors: unavailable (no server, or it went away), refused (what the server answered).
io::Task<Result<>> ask(io::Network& network, io::Endpoint socket, std::string request,
                       std::function<void(std::string)> line);

}  // namespace veredus::manage
