#include "io/tls/engine.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <openssl/err.h>

namespace veredus::io::tls {
namespace {

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

/// SSL_get_error() takes any error of this thread for its own. To clear a queue with nothing in it
/// costs more than the rest of what is ours does for a record.
void forget_errors() {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

/// What is left of an operation's time. Only who has to wait looks at the clock.
class Patience {
 public:
  Patience(const Stream& stream, Duration whole) : stream_(stream), whole_(whole) {}

  Duration left() {
    const SteadyTime now = stream_.now();
    if (until_) return std::max(*until_ - now, Duration::zero());
    until_ = whole_ < SteadyTime::max() - now ? now + whole_ : SteadyTime::max();
    return whole_;
  }

 private:
  const Stream& stream_;
  Duration whole_;
  std::optional<SteadyTime> until_;
};

}  // namespace

Engine::Engine(Handle ssl, Stream& under) : under_(under), ssl_(std::move(ssl)) {
  BIO* bio = buffers_.make_bio();
  SSL_set_bio(ssl_.get(), bio, bio);
}

Error Engine::broken() {
  const unsigned long code = ERR_peek_error();
  const bool is_text = is_text_instead(code);
  const std::string why = last_error();
  if (is_text) return {Fault::unavailable, "the peer does not speak TLS"};
  return {Fault::unavailable, "TLS failed: " + why};
}

/// What `attempt` returns, which is tried again whenever more has come as long as it returns
/// nothing. Waits without a buffer: an idle session must cost no more than its frame.
template <class T, class Attempt>
Task<Result<T>> Engine::with_input(Attempt attempt, Duration deadline) {
  Patience patience(under_, deadline);
  for (;;) {
    const std::optional<Result<T>> done = attempt();
    const bool is_broken = done && !*done;
    if (is_broken) co_await send_output(kGoodbye);  // An alert.
    if (done) co_return *done;
    if (buffers_.has_output()) {
      const Result<> sent = co_await send_output(patience.left());
      if (!sent) co_return fail(sent.error());
    }
    const Duration left = patience.left();
    const Result<> ready = co_await under_.wait_readable(left);
    if (!ready) co_return fail(ready.error());
    const auto count = co_await under_.read_some(buffers_.room(), left);
    buffers_.came(count.value_or(0));
    if (!count) co_return fail(count.error());
    if (*count == 0) cut_ = true;
  }
}

Task<Result<>> Engine::handshake(Duration deadline) {
  const SteadyTime until = now() + deadline;
  const auto shake = [this] { return shake_hands(); };
  const Result<> shaken = co_await with_input<void>(shake, deadline);
  const Duration left = std::max(until - now(), Duration::zero());
  const Result<> sent = co_await send_output(left);
  const Result<>& done = shaken ? sent : shaken;
  if (!done && done.error().fault() == Fault::cancelled) co_return fail(too_slow());
  co_return done;
}

/// Nothing when the peer has to say more.
std::optional<Result<>> Engine::shake_hands() {
  forget_errors();
  const int done = SSL_do_handshake(ssl_.get());
  if (done == 1) return Result<>();
  if (SSL_get_error(ssl_.get(), done) != SSL_ERROR_WANT_READ) return fail(broken());
  if (cut_) return fail(Fault::unavailable, "the connection ended before TLS had begun");
  return std::nullopt;
}

/// Sends what OpenSSL has to say. Whoever comes while another writes leaves it to that one.
Task<Result<>> Engine::send_output(Duration deadline) {
  if (sending_) co_return Result<>();
  while (buffers_.has_output()) {
    std::string octets = buffers_.take_output();
    sending_ = true;
    const Result<> written = co_await under_.write(octets, deadline);
    sending_ = false;
    Buffers::give_back(std::move(octets));
    if (!written) co_return written;
  }
  co_return Result<>();
}

/// False when OpenSSL could say no more than that it wants input: asking it costs as much as a
/// record does.
bool Engine::has_input() const noexcept {
  SSL* ssl = ssl_.get();
  return cut_ || buffers_.has_input() || SSL_has_pending(ssl) == 1 || SSL_get_shutdown(ssl) != 0;
}

/// True when something can be read, an end or an error too.
bool Engine::is_readable() const noexcept {
  char first = 0;
  forget_errors();
  const int peeked = SSL_peek(ssl_.get(), &first, 1);
  return peeked > 0 || cut_ || SSL_get_error(ssl_.get(), peeked) != SSL_ERROR_WANT_READ;
}

Task<Result<>> Engine::wait_readable(Duration deadline) {
  const auto look = [this]() -> std::optional<Result<>> {
    if (has_input() && is_readable()) return Result<>();
    return std::nullopt;
  };
  return with_input<void>(look, deadline);
}

Task<Result<std::size_t>> Engine::read_some(std::span<char> into, Duration deadline) {
  return with_input<std::size_t>([this, into] { return decrypt(into); }, deadline);
}

/// Nothing when no whole record has come.
std::optional<Result<std::size_t>> Engine::decrypt(std::span<char> into) {
  if (!has_input()) return std::nullopt;
  forget_errors();
  std::size_t count = 0;
  const int done = SSL_read_ex(ssl_.get(), into.data(), into.size(), &count);
  if (done == 1) return count;
  switch (SSL_get_error(ssl_.get(), done)) {
    case SSL_ERROR_ZERO_RETURN:
      return std::size_t{0};
    case SSL_ERROR_WANT_READ:
      if (!cut_) return std::nullopt;
      return fail(Fault::unavailable,
                  "the connection was cut: it ended without the end that TLS has");
    default:
      return fail(broken());
  }
}

/// At most a record, and not nothing.
Result<> Engine::encrypt(std::string_view text) {
  forget_errors();
  std::size_t taken = 0;
  if (SSL_write_ex(ssl_.get(), text.data(), text.size(), &taken) != 1) return fail(broken());
  return {};
}

/// Of as many records as are sent at once.
Result<> Engine::encrypt(Records& records) {
  if (records.empty()) return {};
  const std::size_t octets = std::min(records.octets(), kSendOctets);
  buffers_.expect_output(octets + (octets / kRecordOctets + 1) * kFrameOctets);
  // At least one: while somebody else sends, nothing is taken from the output here.
  do {
    if (const Result<> done = encrypt(records.next()); !done) return done;
  } while (!records.empty() && buffers_.output_octets() < kSendOctets);
  return {};
}

/// Most often all is encrypted at once, and sending it is all that is left to wait for.
Task<Result<>> Engine::write_all(std::vector<std::string_view> pieces, Duration deadline) {
  Records records(std::move(pieces));
  Result<> encrypted = encrypt(records);
  if (encrypted && records.empty()) return send_output(deadline);
  return write_rest(std::move(records), std::move(encrypted), deadline);
}

/// A reply or a command is one record.
Task<Result<>> Engine::write(const std::string& octets, Duration deadline) {
  if (octets.empty() || octets.size() > kRecordOctets) return write_all({octets}, deadline);
  buffers_.expect_output(octets.size() + kFrameOctets);
  Result<> encrypted = encrypt(octets);
  if (encrypted) return send_output(deadline);
  return write_rest(Records({}), std::move(encrypted), deadline);
}

Task<Result<>> Engine::write_rest(Records records, Result<> encrypted, Duration deadline) {
  while (encrypted) {
    const Result<> sent = co_await send_output(deadline);
    if (!sent || records.empty()) co_return sent;
    encrypted = encrypt(records);
  }
  co_return encrypted;
}

Task<> Engine::shutdown() {
  forget_errors();
  if (SSL_shutdown(ssl_.get()) >= 0) co_await send_output(kGoodbye);
  forget_errors();
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
