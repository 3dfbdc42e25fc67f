#include "io/tcp.h"

#include <cerrno>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "io/socket_listener.h"
#include "io/socket_stream.h"

namespace veredus::io {
namespace {

constexpr int kBacklog = 4096;  // The kernel cuts it to net.core.somaxconn.

void set_on(const OwnedDescriptor& socket, int level, int option) {
  const int on = 1;
  ::setsockopt(socket.get(), level, option, &on, sizeof(on));
}

/// 0, or errno.
int bind_to(const OwnedDescriptor& socket, const Endpoint& endpoint) {
  const SocketAddress address(endpoint);
  return ::bind(socket.get(), address.data(), address.length()) == 0 ? 0 : errno;
}

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

Result<> bind_source(const OwnedDescriptor& socket, const Endpoint& endpoint,
                     const IpAddress& source) {
  if (endpoint.is_unix()) return {};
  if (source.is_v4() != endpoint.address().is_v4())
    return fail(Fault::unavailable, "cannot connect to " + endpoint.text() + " from " +
                                        source.text() + ": one is IPv4, the other IPv6");
  // The port is chosen at connect(), when the whole four-tuple is known: otherwise one source
  // address could have no more than 28,000 connections in all.
  set_on(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
  const int error = bind_to(socket, Endpoint(source, 0));
  if (error == 0) return {};
  return fail(Fault::unavailable, "cannot connect to " + endpoint.text() + " from " +
                                      source.text() + ": " + system_text(error));
}

Error cannot_connect(const Endpoint& endpoint, const std::string& cause) {
  return {Fault::unavailable, "cannot connect to " + endpoint.text() + ": " + cause};
}

}  // namespace

// SO_REUSEPORT would let a second server of the same user share the port in silence, each taking
// part of the connections. So before our first listener there, try without it.
Result<> SocketNetwork::check_free(const Endpoint& endpoint) {
  const std::scoped_lock lock(mutex_);
  if (endpoint.port() == 0 || ours_.contains(endpoint)) return {};
  auto probe = open_socket(endpoint);
  if (!probe) return fail(probe.error());
  set_on(*probe, SOL_SOCKET, SO_REUSEADDR);
  const int error = bind_to(*probe, endpoint);
  if (error != 0) return cannot_listen(endpoint, error);
  ours_.insert(endpoint);
  return {};
}

Result<std::unique_ptr<Listener>> SocketNetwork::listen(const Endpoint& endpoint) {
  if (!endpoint.is_unix()) {
    auto free = check_free(endpoint);
    if (!free) return fail(free.error());
  }
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
  if (error == 0 && ::listen(socket->get(), kBacklog) != 0) error = errno;
  if (error != 0) return cannot_listen(endpoint, error);

  Endpoint local = endpoint.is_unix() ? endpoint : local_endpoint(socket->get());
  if (!endpoint.is_unix()) {
    const std::scoped_lock lock(mutex_);
    ours_.insert(local);
  }
  return std::make_unique<SocketListener>(std::move(*socket), std::move(local));
}

Task<Result<std::unique_ptr<Stream>>> SocketNetwork::connect(Endpoint endpoint,
                                                             ConnectOptions options) {
  auto socket = open_socket(endpoint);
  if (!socket) co_return fail(socket.error());
  if (options.source) {
    auto bound = bind_source(*socket, endpoint, *options.source);
    if (!bound) co_return fail(bound.error());
  }

  const SocketAddress address(endpoint);
  const int failed = ::connect(socket->get(), address.data(), address.length()) == 0 ? 0 : errno;
  if (failed != 0 && failed != EINPROGRESS)
    co_return fail(cannot_connect(endpoint, system_text(failed)));

  auto executor = co_await asio::this_coro::executor;
  auto stream =
      std::make_unique<SocketStream>(context_of(executor), std::move(*socket), endpoint, endpoint);
  if (!endpoint.is_unix()) {
    auto connected = co_await stream->finish_connect(options.deadline);
    if (!connected) co_return fail(connected.error());
  }
  co_return stream;
}

Result<Endpoint> resolve_endpoint(const std::string& text, std::uint16_t default_port) {
  auto endpoint = Endpoint::parse(text, default_port);
  if (endpoint) return endpoint;
  const auto colon = text.rfind(':');
  const auto port = colon == std::string::npos
                        ? std::optional(default_port)
                        : to_number<std::uint16_t>(std::string_view(text).substr(colon + 1));
  if (!port || text.starts_with('[') || text.starts_with("unix:")) return endpoint;
  const std::string host = text.substr(0, colon);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0) return fail(Fault::unavailable, host + ": " + ::gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(found, &::freeaddrinfo);
  return Endpoint(SocketAddress(*found->ai_addr, found->ai_addrlen).endpoint().address(), *port);
}

}  // namespace veredus::io
