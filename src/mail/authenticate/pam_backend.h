// Passwords of the system's own users, by Linux-PAM.

#pragma once

#include <memory>
#include <string>

#include "io/system.h"
#include "mail/authenticate/config.h"
#include "mail/authenticate/password_backend.h"
#include "mail/authenticate/waiting_line.h"

namespace veredus::authenticate {

/// For logins at PamConfig::domains: "ann@example.org" is the user "ann". Whether there is such a
/// user, and may log in (PAM's account management), is PAM's to say; Claim::account is not
/// looked at. Nothing is remembered: only PAM knows when a password has changed.
///
/// PAM runs in this process, on a worker, so what its modules need (a helper with set-uid, files
/// of the system) is under the limits that this process set itself.
class PamBackend final : public PasswordBackend {
 public:
  /// `folder`: where service files are; empty: the system's /etc/pam.d.
  explicit PamBackend(const io::System& system, std::string folder = {});

  void configure(std::shared_ptr<const AuthenticateConfig> config) { config_ = std::move(config); }
  /// True when PAM is asked about this name: an address at one of its domains.
  bool serves(const LoginName& login) const;

  io::Task<Result<std::optional<std::string>>> check(Claim claim, Secret password) override;

 private:
  io::System system_;
  std::string folder_;
  std::shared_ptr<const AuthenticateConfig> config_;
  WaitingLine line_;
};

/// One user and one password.
struct PamRequest {
  std::string service;
  std::string folder;  ///< Empty: the system's.
  std::string user;
  std::string client;  ///< For PAM_RHOST: modules log and judge by it.
  Secret password;
};

/// Blocks, perhaps for seconds; from any thread. Prompts without echo are answered with the
/// password, all others with nothing. Errors: unavailable (no such service, a module that failed).
[[nodiscard]] Result<bool> ask_pam(const PamRequest& request);

}  // namespace veredus::authenticate
