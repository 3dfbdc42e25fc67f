// The client's name by DNS, looked up while the dialogue already goes on.

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/ip.h"
#include "base/time.h"
#include "io/reactor.h"
#include "io/task.h"
#include "mail/accept/settings.h"

namespace veredus::accept {

/// A reverse name counts only when it leads back to the address (RFC 8601 §2.7.3, `iprev`).
/// Anybody can name his address anything.
class ClientName {
 public:
  /// Look-ups under way in the whole process. One may outlive its session by what the resolver's
  /// deadline allows, so clients that come and go behind a dead name server would heap them up.
  static constexpr std::uint32_t kLookupsMax = 256;

  /// Begins to look up on `reactor`, the session's own; over kLookupsMax there is no name.
  ClientName(const Surroundings& surroundings, io::Reactor& reactor, const IpAddress& address);

  /// The verified name, or empty when there is none or DNS takes longer than `patience` from now.
  io::Task<std::string> get(Duration patience);

 private:
  struct State;
  static io::Task<> look_up(std::shared_ptr<State> state, LookupShare share, io::Resolver& resolver,
                            IpAddress address);

  io::Clock& clock_;
  std::shared_ptr<State> state_;  // Shared with the look-up, which may outlive the session.
};

}  // namespace veredus::accept
