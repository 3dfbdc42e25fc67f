// The server's side of one SASL exchange (RFC 4422 §3), over GNU SASL. No I/O: the caller carries
// messages (after base64), looks secrets up, checks passwords, and hears the verdict.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "base/secret.h"
#include "wire/sasl/binding.h"
#include "wire/sasl/mechanism.h"
#include "wire/sasl/scram_verifier.h"

namespace veredus::sasl {

/// Send it (334 and base64 in SMTP) and call step() with the client's answer.
struct Challenge {
  std::string text;
};

/// Look the account's secrets up, then call give(). For an account that is unknown, locked or
/// has none of this kind give fake_verifier() or fake_password(), never stop here.
struct NeedSecrets {
  std::string account;
};

/// PLAIN and LOGIN end here: whether the password is right is for the caller to say.
struct CheckPassword {
  std::string account;       ///< As the client wrote it, in the form of SASLprep. Not empty.
  std::string authorize_as;  ///< Empty: as the account itself, which is never named here.
  Secret password;           ///< In the form of prepare_password().
};

/// The client has proved that it is `account`. Whether it may act as `authorize_as` is for the
/// caller to say.
struct Proven {
  std::string account;
  std::string authorize_as;  ///< As with CheckPassword.
};

/// The end. Fault::malformed: the client broke the mechanism's grammar (501 5.5.2 in SMTP);
/// refused: it did not prove what it should (535 5.7.8); anything else is our trouble (454 4.7.0).
/// The text is for the log: a client must not learn which part was wrong.
struct Failed {
  Error error;
};

using Step = std::variant<Challenge, NeedSecrets, CheckPassword, Proven, Failed>;

/// SCRAM takes a ScramVerifier of the mechanism's hash, CRAM-MD5 the password.
using Secrets = std::variant<ScramVerifier, Secret>;

struct ServerOptions {
  Mechanism mechanism = Mechanism::plain;
  Binding binding;            ///< Of this TLS connection.
  bool plus_offered = false;  ///< The client was offered a -PLUS mechanism on this connection.
  std::string certificate_account;  ///< Whose verified TLS certificate it is; empty: none.
};

/// Use it from one thread at a time. After CheckPassword, Proven or Failed it is over, and every
/// call fails. A client that cancels ("*") is the caller's to see: drop the exchange.
///
/// Server data that comes with success (SCRAM's server signature) is given as a last Challenge,
/// which the client answers with an empty line: SMTP, POP3 and IMAP have no place for it in their
/// success replies (RFC 4954 §4).
class ServerExchange {
 public:
  explicit ServerExchange(ServerOptions options);
  ~ServerExchange();
  ServerExchange(ServerExchange&&) noexcept;
  ServerExchange& operator=(ServerExchange&&) noexcept;

  /// `initial` is the response that came with AUTH, after decode_initial(); nothing: none came.
  /// Call it once, first.
  Step start(std::optional<std::string_view> initial);

  /// The client's answer to a Challenge, after decode_line().
  Step step(std::string_view input);

  /// The answer to NeedSecrets.
  Step give(const Secrets& secrets);

  Mechanism mechanism() const noexcept;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace veredus::sasl
