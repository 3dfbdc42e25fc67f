#include "io/standard_streams.h"

#include <array>
#include <cerrno>
#include <string>
#include <string_view>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/socket_address.h"

namespace veredus::io {
namespace {

bool write_all(int descriptor, std::string_view octets) {
  while (!octets.empty()) {
    const ssize_t count = ::write(descriptor, octets.data(), octets.size());
    if (count >= 0) {
      octets.remove_prefix(static_cast<std::size_t>(count));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return false;
    pollfd wait{descriptor, POLLOUT, 0};
    ::poll(&wait, 1, -1);
  }
  return true;
}

/// Passes on what can be read at once; false at the end of either side.
bool pass_on(int from, int to) {
  std::array<char, 65536> part;
  const ssize_t count = ::read(from, part.data(), part.size());
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  return count > 0 && write_all(to, {part.data(), static_cast<std::size_t>(count)});
}

}  // namespace

Result<> join_standard_streams(const Endpoint& endpoint) {
  const auto socket = open_socket(endpoint);
  if (!socket) return fail(socket.error());
  const SocketAddress address(endpoint);
  if (::connect(socket->get(), address.data(), address.length()) != 0)
    return fail(errno == EACCES ? Fault::refused : Fault::unavailable,
                "cannot connect to " + endpoint.text() + ": " + system_text(errno));
  std::array<pollfd, 2> waiting{pollfd{socket->get(), POLLIN, 0}, pollfd{STDIN_FILENO, POLLIN, 0}};
  for (;;) {
    if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR)
      return fail(Fault::unavailable, "cannot wait for input: " + system_text(errno));
    if (waiting[0].revents != 0 && !pass_on(socket->get(), STDOUT_FILENO)) return {};
    if (waiting[1].revents != 0 && !pass_on(STDIN_FILENO, socket->get())) {
      ::shutdown(socket->get(), SHUT_WR);
      waiting[1].fd = -1;  // poll() passes over it.
    }
    for (pollfd& entry : waiting) entry.revents = 0;
  }
}

}  // namespace veredus::io
