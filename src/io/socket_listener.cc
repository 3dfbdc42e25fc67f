#include "io/socket_listener.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <unistd.h>

#include "base/log.h"
#include "io/socket_stream.h"

namespace veredus::io {
namespace {

constexpr Duration kPause = std::chrono::milliseconds(200);

/// Errors of the one client that was to be accepted, not of the listener (accept(2)).
bool is_of_the_client(int error) {
  constexpr std::array kErrors{EINTR,  ECONNABORTED, EPROTO,     ENETDOWN, ENOPROTOOPT, EHOSTDOWN,
                               ENONET, EHOSTUNREACH, EOPNOTSUPP, EPERM,    ENETUNREACH};
  return std::ranges::find(kErrors, error) != kErrors.end();
}

}  // namespace

struct SocketListener::Attached {
  Attached(asio::io_context& owner, OwnedDescriptor socket)
      : context(owner), descriptor(owner, socket.release()), pause(owner) {}

  asio::io_context& context;
  Descriptor descriptor;
  asio::steady_timer pause;
};

SocketListener::SocketListener(OwnedDescriptor socket, Endpoint local, SocketFile owner)
    : socket_(std::move(socket)), local_(std::move(local)) {
  if (local_.is_unix() && owner == SocketFile::ours) ::stat(local_.path().c_str(), &file_);
}

SocketListener::~SocketListener() { close(); }

Task<Result<std::unique_ptr<Stream>>> SocketListener::accept() {
  if (!attached_ && !closed_) {
    auto executor = co_await asio::this_coro::executor;
    attached_ = std::make_unique<Attached>(context_of(executor), std::move(socket_));
  }
  while (!closed_) {
    SocketAddress peer;
    OwnedDescriptor client(::accept4(attached_->descriptor.native_handle(), peer.data(),
                                     peer.length_pointer(), SOCK_NONBLOCK | SOCK_CLOEXEC));
    const int error = errno;
    if (client.is_open()) co_return make_stream(std::move(client), peer);
    if (is_of_the_client(error)) continue;
    if (error != EAGAIN && error != EWOULDBLOCK) {
      co_await pause(error);
      continue;
    }
    auto waited = co_await attached_->descriptor.async_wait(Descriptor::wait_read, kUseTuple);
    static_cast<void>(waited);  // Whatever woke us, accept4() and closed_ say what to do.
  }
  co_return fail(Fault::cancelled, "the listener on " + local_.text() + " was closed");
}

void SocketListener::close() noexcept {
  if (std::exchange(closed_, true)) return;
  socket_.close();
  if (attached_) {
    boost::system::error_code ignored;
    attached_->descriptor.close(ignored);
    attached_->pause.cancel();
  }
  remove_socket_file();
}

// Keeps an accept loop that is out of descriptors from spinning; a session that ends frees one.
Task<> SocketListener::pause(int error) {
  log::warning("accept_failed", {{"listener", local_.text()}, {"reason", system_text(error)}});
  attached_->pause.expires_after(kPause);
  auto waited = co_await attached_->pause.async_wait(kUseTuple);
  static_cast<void>(waited);
}

std::unique_ptr<Stream> SocketListener::make_stream(OwnedDescriptor socket,
                                                    const SocketAddress& peer) const {
  // The far end of a Unix socket has no name of its own.
  Endpoint from = local_.is_unix() ? local_ : peer.endpoint();
  const bool is_exact = local_.is_unix() || !local_.address().is_unspecified();
  Endpoint here = is_exact ? local_ : local_endpoint(socket.get());
  return std::make_unique<SocketStream>(attached_->context, std::move(socket), std::move(from),
                                        std::move(here));
}

void SocketListener::remove_socket_file() noexcept {
  if (!local_.is_unix()) return;
  struct stat now{};
  if (::stat(local_.path().c_str(), &now) != 0) return;
  if (now.st_ino == file_.st_ino && now.st_dev == file_.st_dev) ::unlink(local_.path().c_str());
}

}  // namespace veredus::io
