// A listening TCP or Unix socket. Internal.

#pragma once

#include <cstdint>
#include <optional>

#include <sys/stat.h>

#include "io/asio.h"
#include "io/network.h"
#include "io/socket_address.h"

namespace veredus::io {

/// Whose the file of a listening Unix socket is: whoever's it is removes it.
enum class SocketFile : std::uint8_t { ours, of_another };

class SocketListener final : public Listener {
 public:
  /// Takes a socket that listens.
  SocketListener(OwnedDescriptor socket, Endpoint local, SocketFile owner);
  ~SocketListener() override;
  SocketListener(const SocketListener&) = delete;
  SocketListener& operator=(const SocketListener&) = delete;

  Task<Result<std::unique_ptr<Stream>>> accept() override;
  void close() noexcept override;
  const Endpoint& local() const noexcept override { return local_; }

 private:
  /// What ties the listener to the reactor that accepts.
  struct Attached;

  Task<> pause(int error);
  std::unique_ptr<Stream> make_stream(OwnedDescriptor socket, const SocketAddress& peer) const;
  void remove_socket_file() noexcept;

  OwnedDescriptor socket_;  // Until accept() is first called.
  Endpoint local_;
  struct stat file_{};  // Of a Unix socket of ours, to remove no other.
  std::unique_ptr<Attached> attached_;
  bool closed_ = false;
};

}  // namespace veredus::io
