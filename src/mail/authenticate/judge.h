// What the Authenticator owns on the first reactor: throttle, caches and the decision. Private to
// the authenticator.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "mail/authenticate/authenticator.h"
#include "mail/authenticate/pam_backend.h"
#include "mail/authenticate/stored_backend.h"
#include "mail/authenticate/throttle.h"

namespace veredus::authenticate {

/// Everything here runs on the first reactor.
class Authenticator::Judge {
 public:
  Judge(std::shared_ptr<const AuthenticateConfig> config, Surroundings surroundings);

  void configure(std::shared_ptr<const AuthenticateConfig> config);

  // As the Authenticator's functions of these names.
  io::Task<Verdict> check_password(PasswordAttempt attempt);
  io::Task<Expected> secrets_of(ProofAttempt attempt);
  io::Task<Verdict> judge(ProofAttempt attempt, Expectation expectation, bool proven);
  io::Task<Verdict> check_certificate(ProofAttempt attempt);

 private:
  /// Who tries to log in as whom, as the log tells it.
  struct Try {
    LoginName login;
    sasl::Mechanism mechanism;
    Client client;
  };
  using Account = std::shared_ptr<const directory::Account>;

  Try begin(const std::string& login, sasl::Mechanism mechanism, const Client& client) const;
  /// Null: there is none, or none that may log in; `why` then says so for the log. Errors:
  /// unavailable.
  io::Task<Result<Account>> find(LoginName login, std::string_view& why);

  /// The Denial when guessing has to wait.
  std::optional<Denial> throttled(const Try& attempt) const;
  Denial refuse(const Try& attempt, std::string_view why);
  Denial unavailable(const Try& attempt, const Error& error) const;
  Identity accept(const Try& attempt, Identity identity);

  io::System system_;
  FindAccount find_account_;
  Secret site_key_;
  std::shared_ptr<const AuthenticateConfig> config_;
  Throttle throttle_;
  StoredBackend stored_;
  PamBackend pam_;
};

}  // namespace veredus::authenticate
