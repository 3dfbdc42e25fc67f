// One connection of the source. send::Sender says more and can do more; this one is to cost less
// than the server it measures.

#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "io/connection.h"
#include "io/stream.h"
#include "io/task.h"
#include "io/tls/client.h"
#include "main/bench/mailing.h"

namespace veredus::bench {

/// How a client behaves.
struct Manner {
  std::string helo;  ///< Our name in EHLO.
  bool pipelining = true;
  std::shared_ptr<const io::TlsClient> tls = nullptr;  ///< Null: in the clear. Never verified.
  bool tls_from_the_start = false;                     ///< Not by STARTTLS (RFC 8314 §3).
  Secret auth = {};                    ///< The whole AUTH command (auth_plain()); empty: none.
  std::chrono::seconds deadline{300};  ///< For each reply.
};

/// AUTH PLAIN with its initial response (RFC 4616 §2, RFC 4954 §4) and CRLF.
Secret auth_plain(const std::string& user, const Secret& password);

/// Use it on one reactor. `manner` and `mailing` outlive it.
class Client {
 public:
  Client(std::unique_ptr<io::Stream> stream, const Manner& manner, const Mailing& mailing);

  /// From the greeting to the first MAIL. Errors: refused, unavailable, cancelled; then only
  /// destroy it.
  io::Task<Result<>> open();

  /// Sends the `number`th message, and returns when the server has accepted it. Errors: refused
  /// (the text is the reply); as open().
  io::Task<Result<>> send(std::uint64_t number);
  /// Another message may be sent.
  bool is_usable() const noexcept { return usable_; }

  io::Task<> quit();

 private:
  io::Task<Result<int>> reply();
  io::Task<Result<>> command(std::string line);
  io::Task<Result<>> introduce();
  io::Task<Result<>> start_tls();
  io::Task<Result<>> begin_tls();
  io::Task<Result<>> offer(std::uint64_t number);
  io::Task<Result<>> offer_at_once(std::uint64_t number);
  io::Task<Result<>> send_text(std::uint64_t number);
  Error refused() const;
  Error lost(Error error);

  io::Connection connection_;
  const Manner& manner_;
  const Mailing& mailing_;
  std::string last_reply_;
  bool pipelining_ = false;
  bool usable_ = true;
};

}  // namespace veredus::bench
