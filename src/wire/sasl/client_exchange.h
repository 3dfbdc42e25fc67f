// The client's side of one SASL exchange (RFC 4422 §3), over GNU SASL. No I/O.

#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "wire/sasl/binding.h"
#include "wire/sasl/mechanism.h"

namespace veredus::sasl {

struct Credentials {
  std::string user;
  Secret password;
  std::string authorize_as;  ///< Empty: as `user`.
};

/// What the connection and the postmaster allow.
struct Choice {
  bool tls = false;               ///< The connection is encrypted.
  bool insecure_plain = false;    ///< Send the password even without TLS.
  bool binding = false;           ///< Binding::available().
  bool certificate = false;       ///< We showed a certificate: EXTERNAL makes sense.
  std::optional<Mechanism> only;  ///< This one and no other.
};

/// The best mechanism of those `offered` (see parse_mechanisms()) that is allowed, or nothing.
std::optional<Mechanism> choose(std::span<const Mechanism> offered, const Choice& choice);

struct ClientOptions {
  Mechanism mechanism = Mechanism::plain;
  Binding binding;  ///< Of this TLS connection; only the -PLUS mechanisms use it.
};

/// Use it from one thread at a time.
///
/// Without -PLUS, SCRAM says "n" (can't bind) even where we could and the server does not offer
/// it: GNU SASL 2.2.0 fails by itself where it should say "y" (RFC 5802 §6). So a server can't
/// find out by us that somebody took -PLUS off its list; who must rule that out sets Choice::only.
class ClientExchange {
 public:
  ClientExchange(const ClientOptions& options, const Credentials& credentials);
  ~ClientExchange();
  ClientExchange(ClientExchange&&) noexcept;
  ClientExchange& operator=(ClientExchange&&) noexcept;

  /// What to send with AUTH, through encode_initial(); nothing when the server speaks first. May
  /// be kept back where the command line would get too long (RFC 4954 §4): answer() gives the
  /// same to the empty challenge that follows. Errors: refused (credentials that the mechanism
  /// can't carry, such as a password that SASLprep does not allow, or a binding that is missing).
  Result<std::optional<std::string>> initial();

  /// The answer to a challenge, to be sent through encode_line(). Takes CPU in proportion to the
  /// iterations a SCRAM server asks for (at most kIterationsMax). Errors: malformed (cancel the
  /// exchange with "*"), refused (the server does not know the password itself, or wants too
  /// many or too few iterations, RFC 7677 §4), and as initial().
  Result<std::string> answer(std::string_view challenge);

  /// True when nothing is left to say and, with SCRAM, the server has proved that it knows our
  /// password. A server that reports success before is not the one it should be: hang up.
  bool is_complete() const noexcept;

  Mechanism mechanism() const noexcept;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace veredus::sasl
