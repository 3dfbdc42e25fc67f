// TLS on top of a Stream, whichever side we are. Private to this folder.

#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/tls/buffers.h"
#include "io/tls/openssl.h"
#include "io/tls/records.h"
#include "io/tls/stream.h"

namespace veredus::io::tls {

/// Octets go between OpenSSL and the stream through buffers in memory, so that any Stream will do
/// and nothing here blocks.
class Engine final : public TlsStream {
 public:
  /// Borrows `under` until own().
  Engine(Handle ssl, Stream& under);

  /// Errors: unavailable, cancelled (deadline).
  Task<Result<>> handshake(Duration deadline);
  void own(std::unique_ptr<Stream> under) { owned_ = std::move(under); }
  TlsInfo& set_info() noexcept { return info_; }
  SSL* ssl() noexcept { return ssl_.get(); }

  Task<Result<>> wait_readable(Duration deadline) override;
  Task<Result<std::size_t>> read_some(std::span<char> into, Duration deadline) override;
  Task<Result<>> write_all(std::vector<std::string_view> pieces, Duration deadline) override;
  Task<Result<>> write(const std::string& octets, Duration deadline) override;
  void cancel_read() noexcept override { under_.cancel_read(); }
  Task<> shutdown() override;
  void close() noexcept override { under_.close(); }
  SteadyTime now() const override { return under_.now(); }
  const Endpoint& peer() const noexcept override { return under_.peer(); }
  const Endpoint& local() const noexcept override { return under_.local(); }

  const TlsInfo& info() const noexcept override { return info_; }
  std::string exporter_binding() const override;
  std::string unique_binding() const override;

 private:
  template <class T, class Attempt>
  Task<Result<T>> with_input(Attempt attempt, Duration deadline);
  std::optional<Result<>> shake_hands();
  std::optional<Result<std::size_t>> decrypt(std::span<char> into);
  Result<> encrypt(std::string_view text);
  Result<> encrypt(Records& records);
  Task<Result<>> write_rest(Records records, Result<> encrypted, Duration deadline);
  Task<Result<>> send_output(Duration deadline);
  bool has_input() const noexcept;
  bool is_readable() const noexcept;
  Error broken();

  std::unique_ptr<Stream> owned_;
  Stream& under_;
  Buffers buffers_;
  Handle ssl_;
  TlsInfo info_;
  bool sending_ = false;  // one writer at a time: it takes what others put
  bool cut_ = false;      // the stream ended before TLS did
};

}  // namespace veredus::io::tls
