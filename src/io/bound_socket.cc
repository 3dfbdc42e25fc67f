#include "io/bound_socket.h"

#include <cerrno>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

namespace veredus::io {
namespace {

constexpr int kBacklog = 4096;  // The kernel cuts it to net.core.somaxconn.

std::unexpected<Error> cannot_listen(const Endpoint& endpoint, int error) {
  std::string remedy;
  if (error == EADDRINUSE) {
    remedy = endpoint.is_unix()
                 ? "; another process listens there: stop it, or choose another path"
                 : "; another process has this port: stop it (ss -ltnp shows which), or choose "
                   "another port";
  } else if (error == EACCES && !endpoint.is_unix()) {
    remedy = "; a port below 1024 needs root or CAP_NET_BIND_SERVICE";
  } else if (error == EADDRNOTAVAIL) {
    remedy = "; this machine does not have the address";
  } else if (error == EACCES || error == ENOENT) {
    remedy = "; the socket's directory must exist and be writable";
  }
  return fail(Fault::unavailable,
              "cannot listen on " + endpoint.text() + ": " + system_text(error) + remedy);
}

/// Nobody listens on the Unix socket's file any more: its process died without removing it.
bool is_stale(const Endpoint& endpoint) {
  struct stat file{};
  if (::stat(endpoint.path().c_str(), &file) != 0 || !S_ISSOCK(file.st_mode)) return false;
  auto probe = open_socket(endpoint);
  if (!probe) return false;
  const SocketAddress address(endpoint);
  return ::connect(probe->get(), address.data(), address.length()) != 0 && errno == ECONNREFUSED;
}

int bind_unix(const OwnedDescriptor& socket, const Endpoint& endpoint) {
  const int error = bind_to(socket, endpoint);
  if (error != EADDRINUSE || !is_stale(endpoint)) return error;
  ::unlink(endpoint.path().c_str());
  return bind_to(socket, endpoint);
}

}  // namespace

void set_on(const OwnedDescriptor& socket, int level, int option) {
  const int on = 1;
  ::setsockopt(socket.get(), level, option, &on, sizeof(on));
}

int bind_to(const OwnedDescriptor& socket, const Endpoint& endpoint) {
  const SocketAddress address(endpoint);
  return ::bind(socket.get(), address.data(), address.length()) == 0 ? 0 : errno;
}

Result<> check_free(const Endpoint& endpoint) {
  auto probe = open_socket(endpoint);
  if (!probe) return fail(probe.error());
  set_on(*probe, SOL_SOCKET, SO_REUSEADDR);
  const int error = bind_to(*probe, endpoint);
  if (error != 0) return cannot_listen(endpoint, error);
  return {};
}

Result<OwnedDescriptor> bind_socket(const Endpoint& endpoint) {
  auto socket = open_socket(endpoint);
  if (!socket) return fail(socket.error());
  int error = 0;
  if (endpoint.is_unix()) {
    error = bind_unix(*socket, endpoint);
  } else {
    set_on(*socket, SOL_SOCKET, SO_REUSEADDR);
    set_on(*socket, SOL_SOCKET, SO_REUSEPORT);
    error = bind_to(*socket, endpoint);
  }
  if (error != 0) return cannot_listen(endpoint, error);
  return socket;
}

Result<> listen_on(const OwnedDescriptor& socket, const Endpoint& endpoint) {
  if (::listen(socket.get(), kBacklog) != 0) return cannot_listen(endpoint, errno);
  return {};
}

}  // namespace veredus::io
