#include "io/held_sockets.h"

#include <string>
#include <utility>

#include <fcntl.h>
#include <netinet/in.h>

#include "io/bound_socket.h"

namespace veredus::io {
namespace {

/// The value of an option that is a number; -1 when it has none.
int option_of(int descriptor, int level, int option) {
  int value = -1;
  socklen_t length = sizeof(value);
  return ::getsockopt(descriptor, level, option, &value, &length) == 0 ? value : -1;
}

std::unexpected<Error> refuse(int descriptor, const std::string& problem) {
  return fail(Fault::malformed, "descriptor " + std::to_string(descriptor) +
                                    ", passed by who started this process, " + problem);
}

}  // namespace

Result<> HeldSockets::bind(const Endpoint& endpoint, std::size_t count) {
  const Result<> free = check_free(endpoint);
  if (!free) return fail(free.error());
  std::vector<OwnedDescriptor>& sockets = bound_[endpoint];
  while (sockets.size() < count) {
    auto socket = bind_socket(endpoint);
    if (!socket) return fail(socket.error());
    sockets.push_back(std::move(*socket));
  }
  return {};
}

Result<Endpoint> HeldSockets::adopt(int descriptor) {
  if (option_of(descriptor, SOL_SOCKET, SO_TYPE) != SOCK_STREAM ||
      option_of(descriptor, SOL_SOCKET, SO_ACCEPTCONN) != 1)
    return refuse(descriptor,
                  "is no stream socket that listens: use ListenStream= in the socket "
                  "unit, without Accept=yes");
  SocketAddress address;
  ::getsockname(descriptor, address.data(), address.length_pointer());
  if (address.family() == AF_INET6 && option_of(descriptor, IPPROTO_IPV6, IPV6_V6ONLY) != 1)
    return refuse(descriptor,
                  "takes IPv4 and IPv6 alike: say BindIPv6Only=ipv6-only in the socket "
                  "unit, and give IPv4 a ListenStream= of its own");
  const auto endpoint = address.any_endpoint();
  if (!endpoint) return refuse(descriptor, "has no address that [[listen]] could name");
  ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) | O_NONBLOCK);
  inherited_.insert_or_assign(*endpoint, OwnedDescriptor(descriptor));
  return *endpoint;
}

bool HeldSockets::has(const Endpoint& endpoint) const {
  const auto bound = bound_.find(endpoint);
  return inherited_.contains(endpoint) || (bound != bound_.end() && !bound->second.empty());
}

std::optional<HeldSockets::Socket> HeldSockets::take(const Endpoint& endpoint) {
  if (const auto found = inherited_.find(endpoint); found != inherited_.end()) {
    OwnedDescriptor another(::fcntl(found->second.get(), F_DUPFD_CLOEXEC, 0));
    if (!another.is_open()) return std::nullopt;
    return Socket{std::move(another), true};
  }
  const auto found = bound_.find(endpoint);
  if (found == bound_.end() || found->second.empty()) return std::nullopt;
  Socket taken{std::move(found->second.back()), false};
  found->second.pop_back();
  return taken;
}

}  // namespace veredus::io
