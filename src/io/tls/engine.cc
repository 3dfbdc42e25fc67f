#include "io/tls/engine.h"

#include <algorithm>
#include <array>
#include <utility>

#include <openssl/err.h>

namespace veredus::io::tls {
namespace {

constexpr std::size_t kReadOctets = 16 * 1024 + 512;  // A record and its frame.
constexpr std::size_t kRecordOctets = 16 * 1024;
constexpr std::size_t kSendOctets = 128 * 1024;  // Encrypted before they are sent.
constexpr std::chrono::seconds kGoodbye{2};
constexpr std::size_t kBindingOctets = 32;

bool is_text_instead(unsigned long code) {
  const int reason = ERR_GET_REASON(code);
  return ERR_GET_LIB(code) == ERR_LIB_SSL &&
         (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
          reason == SSL_R_PACKET_LENGTH_TOO_LONG || reason == SSL_R_BAD_PACKET_LENGTH);
}

Error too_slow() { return {Fault::cancelled, "TLS took too long to begin"}; }

}  // namespace

Engine::Engine(Handle ssl, Stream& under)
    : under_(under),
      ssl_(std::move(ssl)),
      input_(BIO_new(BIO_s_mem())),
      output_(BIO_new(BIO_s_mem())) {
  BIO_set_mem_eof_return(input_, -1);  // Empty is "not yet", never the end.
  SSL_set_bio(ssl_.get(), input_, output_);
}

Error Engine::broken() {
  const unsigned long code = ERR_peek_error();
  const bool is_text = is_text_instead(code);
  const std::string why = last_error();
  if (is_text) return {Fault::unavailable, "the peer does not speak TLS"};
  return {Fault::unavailable, "TLS failed: " + why};
}

Task<Result<>> Engine::handshake(Duration deadline) {
  const SteadyTime until = now() + deadline;
  for (;;) {
    ERR_clear_error();
    const int done = SSL_do_handshake(ssl_.get());
    const int wants = SSL_get_error(ssl_.get(), done);
    const bool is_broken = done != 1 && wants != SSL_ERROR_WANT_READ;
    const Error why = is_broken ? broken() : Error(Fault::unavailable, "");
    const Duration left = until - now();
    if (left <= Duration::zero()) co_return fail(too_slow());
    const Result<> sent = co_await send_output(left);  // An alert too.
    if (is_broken) co_return fail(why);
    if (!sent) co_return sent;
    if (done == 1) co_return Result<>();
    const Result<> came = co_await take_input(until - now());
    if (!came && came.error().fault() == Fault::cancelled) co_return fail(too_slow());
    if (!came) co_return came;
    if (cut_) co_return fail(Fault::unavailable, "the connection ended before TLS had begun");
  }
}

/// Sends what OpenSSL has to say. Whoever comes while another writes leaves it to that one.
Task<Result<>> Engine::send_output(Duration deadline) {
  if (sending_) co_return Result<>();
  while (BIO_ctrl_pending(output_) > 0) {
    std::string octets(BIO_ctrl_pending(output_), '\0');
    const int taken = BIO_read(output_, octets.data(), static_cast<int>(octets.size()));
    octets.resize(static_cast<std::size_t>(std::max(taken, 0)));
    sending_ = true;
    const Result<> written = co_await under_.write_all({octets}, deadline);
    sending_ = false;
    if (!written) co_return written;
  }
  co_return Result<>();
}

/// Waits without a buffer: an idle session must cost no more than its frame.
Task<Result<>> Engine::take_input(Duration deadline) {
  const Result<> ready = co_await under_.wait_readable(deadline);
  if (!ready) co_return ready;
  const auto buffer = std::make_unique_for_overwrite<char[]>(kReadOctets);
  const auto count = co_await under_.read_some({buffer.get(), kReadOctets}, deadline);
  if (!count) co_return fail(count.error());
  if (*count == 0)
    cut_ = true;
  else
    BIO_write(input_, buffer.get(), static_cast<int>(*count));
  co_return Result<>();
}

/// False when OpenSSL could say no more than that it wants input: asking it costs as much as a
/// record does.
bool Engine::has_input() const noexcept {
  SSL* ssl = ssl_.get();
  return cut_ || BIO_ctrl_pending(input_) > 0 || SSL_has_pending(ssl) == 1 ||
         SSL_get_shutdown(ssl) != 0;
}

/// True when something can be read, an end or an error too.
bool Engine::is_readable() const noexcept {
  char first = 0;
  ERR_clear_error();
  const int peeked = SSL_peek(ssl_.get(), &first, 1);
  return peeked > 0 || cut_ || SSL_get_error(ssl_.get(), peeked) != SSL_ERROR_WANT_READ;
}

Task<Result<>> Engine::wait_readable(Duration deadline) {
  const SteadyTime until = deadline == Duration::max() ? SteadyTime::max() : now() + deadline;
  for (;;) {
    if (has_input() && is_readable()) co_return Result<>();
    const Result<> sent = co_await send_output(deadline);
    if (!sent) co_return sent;
    const Duration left = until == SteadyTime::max() ? deadline : until - now();
    const Result<> came = co_await take_input(std::max(left, Duration::zero()));
    if (!came) co_return came;
  }
}

Task<Result<std::size_t>> Engine::read_some(std::span<char> into, Duration deadline) {
  const SteadyTime until = now() + deadline;
  for (;;) {
    std::size_t count = 0;
    int wants = SSL_ERROR_WANT_READ;
    if (has_input()) {
      ERR_clear_error();
      const int done = SSL_read_ex(ssl_.get(), into.data(), into.size(), &count);
      if (done == 1) co_return count;
      wants = SSL_get_error(ssl_.get(), done);
    }
    if (wants == SSL_ERROR_ZERO_RETURN) co_return std::size_t{0};
    if (wants != SSL_ERROR_WANT_READ) {
      const Error why = broken();
      co_await send_output(kGoodbye);
      co_return fail(why);
    }
    if (cut_)
      co_return fail(Fault::unavailable,
                     "the connection was cut: it ended without the end that TLS has");
    const Result<> sent = co_await send_output(deadline);
    if (!sent) co_return fail(sent.error());
    const Result<> came = co_await take_input(std::max(until - now(), Duration::zero()));
    if (!came) co_return fail(came.error());
  }
}

Result<> Engine::encrypt(std::string_view octets) {
  while (!octets.empty()) {
    ERR_clear_error();
    std::size_t taken = 0;
    const int done = SSL_write_ex(ssl_.get(), octets.data(), octets.size(), &taken);
    if (done != 1) return fail(broken());
    octets.remove_prefix(taken);
  }
  return {};
}

/// Small pieces share a record.
Task<Result<>> Engine::write_all(std::vector<std::string_view> pieces, Duration deadline) {
  std::string small;
  for (std::string_view piece : pieces) {
    while (!piece.empty()) {
      const std::string_view part = piece.substr(0, kRecordOctets - small.size());
      piece.remove_prefix(part.size());
      Result<> encrypted;
      if (small.empty() && part.size() == kRecordOctets) {
        encrypted = encrypt(part);
      } else {
        small += part;
        if (small.size() == kRecordOctets) encrypted = encrypt(std::exchange(small, {}));
      }
      if (!encrypted) co_return encrypted;
      if (BIO_ctrl_pending(output_) < kSendOctets) continue;
      const Result<> sent = co_await send_output(deadline);
      if (!sent) co_return sent;
    }
  }
  const Result<> encrypted = encrypt(small);
  if (!encrypted) co_return encrypted;
  co_return co_await send_output(deadline);
}

Task<> Engine::shutdown() {
  ERR_clear_error();
  if (SSL_shutdown(ssl_.get()) >= 0) co_await send_output(kGoodbye);
  ERR_clear_error();
  co_await under_.shutdown();
}

std::string Engine::exporter_binding() const {
  constexpr std::string_view kLabel = "EXPORTER-Channel-Binding";
  std::string binding(kBindingOctets, '\0');
  const int done =
      SSL_export_keying_material(ssl_.get(), reinterpret_cast<unsigned char*>(binding.data()),
                                 binding.size(), kLabel.data(), kLabel.size(), nullptr, 0, 0);
  return done == 1 ? binding : std::string();
}

/// The first Finished message: the client's, or when a session is resumed the server's.
std::string Engine::unique_binding() const {
  const SSL* ssl = ssl_.get();
  if (SSL_version(ssl) >= TLS1_3_VERSION || SSL_get_extms_support(ssl_.get()) != 1) return "";
  const bool is_ours = (SSL_is_server(ssl) == 1) == (SSL_session_reused(ssl) == 1);
  std::array<char, EVP_MAX_MD_SIZE> finished{};
  const std::size_t size = is_ours ? SSL_get_finished(ssl, finished.data(), finished.size())
                                   : SSL_get_peer_finished(ssl, finished.data(), finished.size());
  return {finished.data(), size};
}

}  // namespace veredus::io::tls

namespace veredus::io {

std::string describe(const TlsInfo& info) {
  std::string text = info.version + ' ' + info.cipher;
  if (info.verified) return text + ", verified";
  return info.problem.empty() ? text : text + ", not verified: " + info.problem;
}

}  // namespace veredus::io
