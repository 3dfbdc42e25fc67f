#include "io/socket_address.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/un.h>

namespace veredus::io {

SocketAddress::SocketAddress(const Endpoint& endpoint) {
  if (endpoint.is_unix()) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::string path = endpoint.path();
    if (path.size() >= sizeof(address.sun_path)) {
      const std::filesystem::path whole(path);
      folder_ = OwnedDescriptor(::open(whole.parent_path().c_str(), O_PATH | O_CLOEXEC));
      // Without such a folder this names nothing, and the call that is given it says so.
      path = "/proc/self/fd/" + std::to_string(folder_.get()) + '/' + whole.filename().string();
    }
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    std::memcpy(&storage_, &address, sizeof(address));
    length_ = sizeof(address);
  } else if (endpoint.address().is_v4()) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(endpoint.port());
    endpoint.address().octets().copy(reinterpret_cast<char*>(&address.sin_addr), 4);
    std::memcpy(&storage_, &address, sizeof(address));
    length_ = sizeof(address);
  } else {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(endpoint.port());
    endpoint.address().octets().copy(reinterpret_cast<char*>(&address.sin6_addr), 16);
    std::memcpy(&storage_, &address, sizeof(address));
    length_ = sizeof(address);
  }
}

SocketAddress::SocketAddress(const sockaddr& address, socklen_t length) : length_(length) {
  std::memcpy(&storage_, &address, length);
}

Endpoint SocketAddress::endpoint() const {
  if (family() == AF_INET6) {
    sockaddr_in6 address{};
    std::memcpy(&address, &storage_, sizeof(address));
    const auto octets = std::bit_cast<std::array<std::uint8_t, 16>>(address.sin6_addr);
    return {IpAddress::v6(octets), ntohs(address.sin6_port)};
  }
  sockaddr_in address{};
  std::memcpy(&address, &storage_, sizeof(address));
  const auto octets = std::bit_cast<std::array<std::uint8_t, 4>>(address.sin_addr);
  return {IpAddress::v4(octets), ntohs(address.sin_port)};
}

std::optional<Endpoint> SocketAddress::any_endpoint() const {
  if (family() == AF_INET || family() == AF_INET6) return endpoint();
  if (family() != AF_UNIX) return std::nullopt;
  sockaddr_un address{};
  std::memcpy(&address, &storage_, std::min<std::size_t>(length_, sizeof(address)));
  const std::string_view path(address.sun_path,
                              ::strnlen(address.sun_path, sizeof(address.sun_path)));
  if (path.empty()) return std::nullopt;  // One without a name, or with an abstract one.
  return Endpoint::unix_socket(std::string(path));
}

Result<OwnedDescriptor> open_socket(const Endpoint& endpoint) {
  const int family = SocketAddress(endpoint).family();
  OwnedDescriptor socket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) {
    const bool exhausted =
        errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
    return fail(exhausted ? Fault::overloaded : Fault::unavailable,
                "cannot open a socket for " + endpoint.text() + ": " + system_text(errno));
  }
  const int on = 1;
  if (family == AF_INET6) ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
  // Replies are put together before they are sent: Nagle's algorithm could only delay them.
  if (family != AF_UNIX) ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return socket;
}

Endpoint local_endpoint(int descriptor) {
  SocketAddress address;
  ::getsockname(descriptor, address.data(), address.length_pointer());
  return address.endpoint();
}

std::string system_text(int error) { return std::generic_category().message(error); }

}  // namespace veredus::io
