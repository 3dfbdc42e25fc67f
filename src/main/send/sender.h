// A client for people and scripts: sends mail to a server and says what came of it.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/connection.h"
#include "io/network.h"
#include "io/task.h"
#include "io/tls/client.h"
#include "wire/smtp/capabilities.h"
#include "wire/smtp/reply.h"

namespace veredus::send {

struct Envelope {
  std::string sender;                   ///< Empty: the null sender.
  std::vector<std::string> recipients;  ///< At least one.
  /// Parameters of RFC 3461 for MAIL and for each RCPT, where the server offers DSN; each with a
  /// space in front.
  std::string dsn_mail_params = {};
  std::string dsn_rcpt_params = {};
};

/// A recipient that the server turned down.
struct Refusal {
  std::string recipient;
  std::string reply;
};

/// Shows a line of the dialogue: `from_us` or from the server, without its CRLF.
using ShowLine = std::function<void(bool from_us, std::string_view line)>;

/// How the dialogue is made private.
struct Privacy {
  std::shared_ptr<const io::TlsClient> client = nullptr;  ///< Null: not at all.
  bool from_the_start = false;                            ///< Not by STARTTLS (RFC 8314 §3).
  io::TlsClient::Wish wish = {};
};

/// One connection to a server. Use it on one reactor. After an error only destroy it.
class Sender {
 public:
  struct Options {
    std::string helo;                    ///< Our name in EHLO.
    std::chrono::seconds deadline{300};  ///< For each reply.
    Privacy privacy = {};
    ShowLine show;  ///< May be empty.
    /// A message was sent, to its final dot; what comes next is the reply. May be empty.
    std::function<void()> message_sent;
  };

  Sender(std::unique_ptr<io::Stream> stream, Options options);

  /// Waits for the greeting, introduces us and begins TLS where that is wanted. Errors: refused
  /// (the text is the reply, or what is wrong with the certificate), unavailable, cancelled.
  io::Task<Result<>> open();

  /// Sends one message, which may have bare newlines: they go out as CRLF. Both outlive the call.
  /// Returns the reply to it. Errors: as open(); refused also when the server turned down the
  /// sender or every recipient. Recipients that it turned down while it took others are in
  /// refusals().
  io::Task<Result<std::string>> send(const Envelope& envelope, const std::string& message);

  /// Of the last send().
  const std::vector<Refusal>& refusals() const noexcept { return refusals_; }
  /// After a refusal: another message may be sent.
  bool is_usable() const noexcept { return usable_; }

  io::Task<> quit();

 private:
  io::Task<Result<>> introduce();
  io::Task<Result<>> start_tls();
  io::Task<Result<>> begin_tls();
  io::Task<Result<smtp::PeerReply>> read_reply();
  io::Task<Result<smtp::PeerReply>> command(std::string line);
  io::Task<Result<smtp::PeerReply>> offer(const Envelope& envelope, std::string mail);
  io::Task<Result<std::string>> send_text(const std::string& message);
  io::Task<Result<std::string>> give_up(smtp::PeerReply reply);
  void put(const std::string& line);
  void put_recipient(const Envelope& envelope, const std::string& recipient);

  io::Connection connection_;
  Options options_;
  smtp::Capabilities peer_;
  std::vector<Refusal> refusals_;
  bool usable_ = true;
};

}  // namespace veredus::send
