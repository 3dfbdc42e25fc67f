// Who is it, and may they try? One Authenticator for the program; sessions use Login (login.h).

#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "base/secret.h"
#include "io/system.h"
#include "io/task.h"
#include "mail/authenticate/config.h"
#include "mail/authenticate/login_name.h"
#include "mail/directory/account.h"
#include "wire/sasl/binding.h"
#include "wire/sasl/mechanism.h"
#include "wire/sasl/server_exchange.h"

namespace veredus::authenticate {

/// Who asks. For a client on a Unix socket pass a loopback address.
struct Client {
  IpAddress address;
  directory::Protocol protocol = directory::Protocol::submission;
  std::string session;  ///< Its id, for the log.
};

/// Who logged in.
struct Identity {
  std::string account;     ///< The account's address, as the directory writes it.
  std::string credential;  ///< The app password's name; empty: the account's own password.
  sasl::Mechanism mechanism = sasl::Mechanism::plain;
  bool by_pam = false;  ///< A user of the system: the directory need not have the account.
};

/// Why nobody did. The reply for `refused` must be one and the same whatever `text` says.
struct Denial {
  enum class Reason : std::uint8_t {
    unknown_mechanism,  ///< Not one of ours, or not on offer here: 504 5.5.4 (RFC 4954 §4).
    needs_encryption,   ///< It sends the password: 538 5.7.11 (RFC 4954 §6).
    malformed,          ///< Bad base64, or against the mechanism's grammar: 501 5.5.2.
    too_long,           ///< Over sasl::kLineOctetsMax: 500 5.5.6 (RFC 4954 §4).
    cancelled,          ///< The client sent "*": 501 5.7.0 (RFC 4954 §4).
    refused,            ///< 535 5.7.8 (RFC 4954 §6).
    throttled,          ///< Not judged: too many failures before. 454 4.7.0.
    unavailable,        ///< Directory or PAM out of reach, or too many at once: 454 4.7.0.
  };

  Reason reason = Reason::refused;
  std::string text;                  ///< Fit for the reply; tells no secret.
  std::chrono::seconds retry_in{0};  ///< When throttled: rounded up.
};

using Verdict = std::expected<Identity, Denial>;

/// Looks an account up by the address that parse_login_name() gives. Called on the first reactor.
/// Errors: unavailable.
using FindAccount =
    std::function<io::Task<Result<std::optional<directory::Account>>>(std::string address)>;

/// What an Authenticator works with; what `system` refers to must outlive it.
struct Surroundings {
  io::System system;
  FindAccount find_account;
  Secret site_key;  ///< 32 random octets of this site, kept over restarts (sasl::fake_verifier).
  std::string pam_folder;  ///< Empty: the system's.
};

/// Thread-safe: calls from any reactor are judged on the first one, which owns throttle and cache.
///
/// An unknown account, a disabled one, a wrong password, and an app password for another protocol
/// cost the same and get the same Denial; only the log tells them apart. Each judged attempt is
/// logged: auth_ok, or auth_failed with client, account, mechanism and reason; each that is not,
/// as auth_throttled. Never a password.
class Authenticator {
 public:
  Authenticator(AuthenticateConfig config, Surroundings surroundings);
  ~Authenticator();
  Authenticator(const Authenticator&) = delete;
  Authenticator& operator=(const Authenticator&) = delete;

  /// For exchanges and checks that begin from now on. Throttle and cache stay. Thread-safe.
  void replace(AuthenticateConfig config);
  std::shared_ptr<const AuthenticateConfig> config() const;

  struct PasswordAttempt {
    std::string login;         ///< As the client wrote it.
    std::string authorize_as;  ///< Empty, or the same account: nobody acts as somebody else.
    Secret password;           ///< In the form of sasl::prepare_password().
    sasl::Mechanism mechanism = sasl::Mechanism::plain;
    Client client;
  };
  io::Task<Verdict> check_password(PasswordAttempt attempt);

  /// The beginning of an exchange that proves knowledge of a password.
  struct ProofAttempt {
    std::string login;
    sasl::Mechanism mechanism = sasl::Mechanism::scram_sha_256;
    Client client;
  };
  /// What to give to the exchange, and to judge() when it is over.
  struct Expectation {
    sasl::Secrets secrets;
    Secret kept_as;  ///< The stored text of the secrets; empty: they are fakes.
  };
  using Expected = std::expected<Expectation, Denial>;
  /// For an account that has none of that kind, fakes. A throttled attempt is told so here, and
  /// again by judge(). Denials: throttled, unavailable.
  io::Task<Expected> secrets_of(ProofAttempt attempt);

  /// Judges the exchange when the client has answered and before it hears anything of the outcome:
  /// `proven` when the answer fits. Until then nothing counts as a guess, so that of a thousand
  /// exchanges side by side only as many are judged as the throttle allows.
  io::Task<Verdict> judge(ProofAttempt attempt, Expectation expectation, bool proven);

  /// EXTERNAL: `login` is the account that the verified TLS certificate is of. Not throttled: it
  /// is nothing to be guessed.
  io::Task<Verdict> check_certificate(ProofAttempt attempt);

 private:
  class Judge;

  template <class T, class... Parameters>
  io::Task<T> ask(io::Task<T> (Judge::*function)(Parameters...), Parameters... parameters);

  io::System system_;
  mutable std::mutex mutex_;  ///< For config_ alone: taken once a login, never over a wait.
  std::shared_ptr<const AuthenticateConfig> config_;
  std::shared_ptr<Judge> judge_;
};

}  // namespace veredus::authenticate
