// One AUTH exchange of one session, whatever the protocol: SMTP, IMAP and POP3 carry its lines.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "io/task.h"
#include "mail/authenticate/authenticator.h"

namespace veredus::authenticate {

/// What an exchange knows of its connection.
struct Channel {
  bool encrypted = false;
  sasl::Binding binding;            ///< Of its TLS connection.
  std::string certificate_account;  ///< Of the client's verified certificate; empty: none.
};

/// The mechanisms to offer there, best first; those that send a password only when it is encrypted
/// (or insecure_plain), -PLUS only where it can be bound, EXTERNAL only with a certificate.
std::vector<sasl::Mechanism> offered(const AuthenticateConfig& config, const Channel& channel);

/// A line to send to the client in its protocol's form of a challenge ("334 " in SMTP): base64,
/// perhaps empty.
struct ChallengeLine {
  std::string text;
};

using LoginStep = std::variant<ChallengeLine, Identity, Denial>;

/// Use it on the session's reactor. Between two steps the session reads a line, with its own limit
/// (sasl::kLineOctetsMax) and deadline; dropping the Login ends the exchange at any step.
class Login {
 public:
  /// `authenticator` must outlive this.
  Login(Authenticator& authenticator, Client client, Channel channel);

  /// `mechanism` as the client wrote it; `initial` the initial response as it stands on the
  /// command line, nothing when there is none (RFC 4954 §4). Call it once, first.
  io::Task<LoginStep> start(std::string mechanism, std::optional<std::string> initial);

  /// The line that answers a challenge, without CRLF. "*" cancels. Not after Identity or Denial.
  io::Task<LoginStep> next(std::string line);

 private:
  std::optional<Denial> choose(const std::string& mechanism);
  io::Task<LoginStep> go_on(sasl::Step step);
  io::Task<LoginStep> check(sasl::CheckPassword claim);
  io::Task<LoginStep> look_up(std::string account);
  io::Task<LoginStep> finish(sasl::Proven proven);
  io::Task<LoginStep> fail(Error error);
  io::Task<std::optional<Denial>> judge(bool proven);
  Denial refuse(std::string_view why) const;

  Authenticator& authenticator_;
  Client client_;
  Channel channel_;
  std::shared_ptr<const AuthenticateConfig> config_;
  std::optional<sasl::ServerExchange> exchange_;
  Authenticator::ProofAttempt proof_;
  /// Secrets were given, and the client's answer to them is not judged yet.
  std::optional<Authenticator::Expectation> expectation_;
  std::optional<Identity> identity_;  ///< Judged and right.
};

}  // namespace veredus::authenticate
