// Between Endpoint and what the socket calls take. Internal.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <sys/socket.h>

#include "base/result.h"
#include "io/endpoint.h"
#include "io/owned_descriptor.h"

namespace veredus::io {

/// A sockaddr of whatever family, ready for bind() or connect(). A Unix socket's path may be
/// longer than a sockaddr_un has room for.
class SocketAddress {
 public:
  SocketAddress() = default;
  explicit SocketAddress(const Endpoint& endpoint);
  /// A copy of what a system call found. Precondition: `length` is that of an address.
  SocketAddress(const sockaddr& address, socklen_t length);

  sockaddr* data() noexcept { return reinterpret_cast<sockaddr*>(&storage_); }
  const sockaddr* data() const noexcept { return reinterpret_cast<const sockaddr*>(&storage_); }
  /// For accept() and getsockname(): starts as the room there is, then what they filled in.
  socklen_t* length_pointer() noexcept { return &length_; }
  socklen_t length() const noexcept { return length_; }
  int family() const noexcept { return storage_.ss_family; }

  /// Meaningful for AF_INET and AF_INET6.
  Endpoint endpoint() const;
  /// Of a Unix socket with a path too; nothing for any other family.
  std::optional<Endpoint> any_endpoint() const;

 private:
  sockaddr_storage storage_{};
  socklen_t length_ = sizeof(storage_);
  OwnedDescriptor folder_;  ///< Of a Unix socket whose path is too long: it is named through this.
};

/// A non-blocking stream socket of the endpoint's family; IPv6 ones take IPv6 alone.
/// Errors: unavailable, overloaded (out of descriptors or memory).
[[nodiscard]] Result<OwnedDescriptor> open_socket(const Endpoint& endpoint);

/// Where the socket is bound.
Endpoint local_endpoint(int descriptor);

/// "cause" as the system words it, for errno or SO_ERROR.
std::string system_text(int error);

}  // namespace veredus::io
