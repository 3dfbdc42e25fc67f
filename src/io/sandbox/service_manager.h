// Who started us, when that is systemd: sockets it hands over, and what it is told
// (sd_listen_fds(3), sd_notify(3); both protocols are documented as stable).

#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/socket_address.h"

namespace veredus::io {

/// The descriptors that were passed to this process (LISTEN_FDS, LISTEN_PID). Forgets the
/// variables, so that the second call finds none. Call before threads start.
std::vector<int> inherited_descriptors();

/// Tells the service manager how we are. Does nothing when nobody asked to be told. Thread-safe.
class ServiceManager {
 public:
  /// Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID and forgets them; connects, for later the
  /// sandbox would not let it. Call before threads start.
  ServiceManager();

  /// READY=1, at the end of a start or a reload; `status` is for people.
  void ready(std::string_view status) const;
  /// RELOADING=1 and the time on the monotonic clock.
  void reloading() const;
  /// STOPPING=1
  void stopping() const;
  /// WATCHDOG=1
  void alive() const;

  /// How often alive() must be called so that we are not taken for dead and restarted; 0: nobody
  /// watches.
  std::chrono::microseconds watchdog() const noexcept { return watchdog_; }

 private:
  void tell(const std::string& state) const;

  OwnedDescriptor socket_;
  std::chrono::microseconds watchdog_{0};
};

}  // namespace veredus::io
