#include "io/socket_stream.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include <sys/socket.h>

namespace veredus::io {
namespace {

constexpr std::size_t kVectorsMax = 64;                      // Of one sendmsg(); IOV_MAX is 1024.
constexpr Duration kShutdownWait = std::chrono::seconds(2);  // For the peer's end of file.

Error closed_here() { return {Fault::cancelled, "the connection was closed here"}; }

/// The pieces that are still to be sent, and how much of the first one was.
class Unsent {
 public:
  explicit Unsent(std::vector<std::string_view> pieces) : pieces_(std::move(pieces)) {
    skip_empty();
  }

  bool empty() const noexcept { return next_ == pieces_.size(); }

  void sent(std::size_t octets) {
    while (octets > 0) {
      const std::size_t taken = std::min(octets, pieces_[next_].size());
      pieces_[next_].remove_prefix(taken);
      octets -= taken;
      skip_empty();
    }
  }

  /// Hands as much as one system call takes to the socket. Returns as sendmsg().
  ssize_t send(int descriptor) const {
    std::array<iovec, kVectorsMax> vectors;
    const std::size_t count = std::min(pieces_.size() - next_, vectors.size());
    for (std::size_t i = 0; i < count; ++i) {
      const std::string_view piece = pieces_[next_ + i];
      vectors[i] = {const_cast<char*>(piece.data()), piece.size()};
    }
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = count;
    return ::sendmsg(descriptor, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  }

 private:
  void skip_empty() {
    while (!empty() && pieces_[next_].empty()) ++next_;
  }

  std::vector<std::string_view> pieces_;
  std::size_t next_ = 0;
};

/// The same of one piece.
class UnsentPiece {
 public:
  explicit UnsentPiece(std::string_view octets) : octets_(octets) {}

  bool empty() const noexcept { return octets_.empty(); }
  void sent(std::size_t octets) { octets_.remove_prefix(octets); }
  ssize_t send(int descriptor) const {
    return ::send(descriptor, octets_.data(), octets_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  }

 private:
  std::string_view octets_;
};

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

/// Outlives the stream while its handler is queued; `stream` is null from then on.
struct SocketStream::Timer {
  Timer(asio::io_context& context, SocketStream* owner) : timer(context), stream(owner) {}

  asio::basic_waitable_timer<std::chrono::steady_clock,
                             asio::wait_traits<std::chrono::steady_clock>,
                             asio::io_context::executor_type>
      timer;
  SteadyTime fires = SteadyTime::max();
  SocketStream* stream;
};

SocketStream::SocketStream(asio::io_context& context, OwnedDescriptor socket, Endpoint peer,
                           Endpoint local)
    : descriptor_(context, socket.release()), peer_(std::move(peer)), local_(std::move(local)) {}

SocketStream::~SocketStream() {
  if (!timer_) return;
  timer_->stream = nullptr;
  timer_->timer.cancel();
}

Task<Result<>> SocketStream::wait_readable(Duration deadline) {
  reading_.cancellable = true;
  return wait(reading_, deadline);
}

Task<Result<std::size_t>> SocketStream::read_some(std::span<char> into, Duration deadline) {
  for (;;) {
    if (closed_) co_return fail(closed_here());
    const ssize_t count = ::recv(descriptor(), into.data(), into.size(), MSG_DONTWAIT);
    if (count >= 0) co_return static_cast<std::size_t>(count);
    if (errno == EINTR) continue;
    if (!would_block(errno)) co_return fail(lost(errno));
    reading_.cancellable = false;
    auto ready = co_await wait(reading_, deadline);
    if (!ready) co_return fail(ready.error());
  }
}

template <class Unsent>
Task<Result<>> SocketStream::send_all(Unsent unsent, Duration deadline) {
  while (!unsent.empty()) {
    if (closed_) co_return fail(closed_here());
    const ssize_t count = unsent.send(descriptor());
    if (count >= 0) {
      unsent.sent(static_cast<std::size_t>(count));
      continue;
    }
    if (errno == EINTR) continue;
    if (!would_block(errno)) co_return fail(lost(errno));
    auto ready = co_await wait(writing_, deadline);
    if (!ready) co_return ready;
  }
  co_return Result<>();
}

Task<Result<>> SocketStream::write_all(std::vector<std::string_view> pieces, Duration deadline) {
  return send_all(Unsent(std::move(pieces)), deadline);
}

Task<Result<>> SocketStream::write(const std::string& octets, Duration deadline) {
  return send_all(UnsentPiece(octets), deadline);
}

void SocketStream::cancel_read() noexcept {
  if (!reading_.active || !reading_.cancellable) return;
  reading_.cancelled = true;
  wake_all();
}

Task<> SocketStream::shutdown() {
  if (closed_) co_return;
  ::shutdown(descriptor(), SHUT_WR);
  // Closing with unread input would make the kernel send a reset, which can destroy the reply
  // that we wrote last before the peer has read it.
  const SteadyTime until = now() + kShutdownWait;
  std::array<char, 4096> ignored;
  while (now() < until) {
    auto count = co_await read_some(ignored, until - now());
    if (!count || *count == 0) break;
  }
  close();
}

void SocketStream::close() noexcept {
  if (std::exchange(closed_, true)) return;
  if (timer_) timer_->timer.cancel();
  boost::system::error_code ignored;
  descriptor_.close(ignored);
}

Task<Result<>> SocketStream::finish_connect(Duration deadline) {
  const std::string what = "cannot connect to " + peer_.text() + ": ";
  auto ready = co_await wait(writing_, deadline);
  if (!ready) co_return fail(ready.error().fault(), what + "no answer in time");
  int error = 0;
  socklen_t length = sizeof(error);
  ::getsockopt(descriptor(), SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) co_return fail(Fault::unavailable, what + system_text(error));
  local_ = local_endpoint(descriptor());
  co_return Result<>();
}

Task<Result<>> SocketStream::wait(Wait& wait, Duration deadline) {
  wait.expires = saturating_add(now(), deadline);
  wait.active = true;
  wait.expired = wait.cancelled = false;
  arm(wait.expires);
  for (;;) {
    if (closed_) co_return fail(closed_here());
    auto waited = co_await descriptor_.async_wait(wait.type, kUseTuple);
    auto& [error] = waited;
    // Cancelling wakes reader and writer; it was for the one whose flag is set.
    if (error == asio::error::operation_aborted && !closed_ && !wait.expired && !wait.cancelled)
      continue;
    wait.active = false;
    if (!error) co_return Result<>();
    if (closed_) co_return fail(closed_here());
    if (wait.expired) co_return fail(expired());
    if (wait.cancelled) co_return fail(Fault::cancelled, "waiting for input was interrupted");
    co_return fail(lost(error.value()));
  }
}

void SocketStream::arm(SteadyTime expires) {
  if (expires == SteadyTime::max()) return;
  if (!timer_) {
    timer_ = std::make_shared<Timer>(context_of(descriptor_.get_executor()), this);
  } else if (timer_->fires <= expires) {
    return;
  }
  timer_->fires = expires;
  timer_->timer.expires_at(expires);
  timer_->timer.async_wait([timer = timer_](const boost::system::error_code& error) {
    if (!error && timer->stream != nullptr) timer->stream->on_timer();
  });
}

void SocketStream::on_timer() {
  timer_->fires = SteadyTime::max();
  const SteadyTime current = now();
  SteadyTime next = SteadyTime::max();
  bool any_expired = false;
  for (Wait* wait : {&reading_, &writing_}) {
    if (!wait->active) continue;
    wait->expired = wait->expires <= current;
    any_expired |= wait->expired;
    if (!wait->expired) next = std::min(next, wait->expires);
  }
  arm(next);
  if (any_expired) wake_all();
}

void SocketStream::wake_all() noexcept {
  boost::system::error_code ignored;
  descriptor_.cancel(ignored);
}

Error SocketStream::lost(int error) const {
  return {Fault::unavailable, "connection with " + peer_.text() + " lost: " + system_text(error)};
}

Error SocketStream::expired() const { return {Fault::cancelled, peer_.text() + " took too long"}; }

}  // namespace veredus::io
