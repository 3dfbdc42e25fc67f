#include "io/tcp.h"

#include <cerrno>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <netdb.h>
#include <netinet/in.h>

#include "base/text.h"
#include "io/bound_socket.h"
#include "io/socket_listener.h"
#include "io/socket_stream.h"

namespace veredus::io {
namespace {

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

Result<> SocketNetwork::check_not_taken(const Endpoint& endpoint) {
  const std::scoped_lock lock(mutex_);
  if (endpoint.port() == 0 || ours_.contains(endpoint)) return {};
  const Result<> free = check_free(endpoint);
  if (!free) return fail(free.error());
  ours_.insert(endpoint);
  return {};
}

std::optional<HeldSockets::Socket> SocketNetwork::take_held(const Endpoint& endpoint) {
  const std::scoped_lock lock(mutex_);
  if (!held_) return std::nullopt;
  auto socket = held_->take(endpoint);
  if (socket) ours_.insert(endpoint);
  return socket;
}

Result<std::unique_ptr<Listener>> SocketNetwork::listen(const Endpoint& endpoint) {
  auto held = take_held(endpoint);
  if (held && held->inherited)
    return std::make_unique<SocketListener>(std::move(held->descriptor), endpoint,
                                            SocketFile::of_another);
  if (!held && !endpoint.is_unix()) {
    auto free = check_not_taken(endpoint);
    if (!free) return fail(free.error());
  }
  auto socket = held ? Result<OwnedDescriptor>(std::move(held->descriptor)) : bind_socket(endpoint);
  if (!socket) return fail(socket.error());
  const Result<> listening = listen_on(*socket, endpoint);
  if (!listening) return fail(listening.error());

  Endpoint local = endpoint.is_unix() ? endpoint : local_endpoint(socket->get());
  if (!endpoint.is_unix()) {
    const std::scoped_lock lock(mutex_);
    ours_.insert(local);
  }
  return std::make_unique<SocketListener>(std::move(*socket), std::move(local), SocketFile::ours);
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
