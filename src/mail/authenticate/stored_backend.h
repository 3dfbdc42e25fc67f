// Passwords against the hashes that accounts hold.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/system.h"
#include "mail/authenticate/config.h"
#include "mail/authenticate/password_backend.h"
#include "mail/authenticate/remembered.h"
#include "mail/authenticate/waiting_line.h"

namespace veredus::authenticate {

/// Each check computes exactly one hash of full cost: of the account's own password, of the app
/// password that the login name says, or, when there is none, one that nothing fits. So its time
/// does not tell whether there is such an account. The app passwords that the login name does not
/// say are tried too when their hash is light (password.h), which takes some microseconds each; of
/// others the name must be given.
///
/// A password that was right is remembered for AuthenticateConfig::remember, until its hash
/// changes: then the check costs next to nothing.
class StoredBackend final : public PasswordBackend {
 public:
  explicit StoredBackend(const io::System& system);

  /// For checks from now on. Call it before the first.
  void configure(std::shared_ptr<const AuthenticateConfig> config);

  io::Task<Result<std::optional<std::string>>> check(Claim claim, Secret password) override;

  /// Hashes of full cost that were computed for checks.
  std::uint64_t computations() const noexcept { return computations_; }

 private:
  /// A credential that the password may be of.
  struct Candidate {
    std::string name;
    std::string hash;
  };
  struct Candidates {
    std::optional<Candidate> full;
    std::vector<Candidate> light;
  };

  static Candidates candidates_of(const Claim& claim);
  std::optional<std::string> recall(const Claim& claim, const Candidates& candidates,
                                    const Secret& password) const;
  void keep(const Claim& claim, const Candidate& right, const Secret& password);

  io::System system_;
  std::shared_ptr<const AuthenticateConfig> config_;
  WaitingLine line_;
  RememberedLogins remembered_;
  std::string decoy_;  ///< A hash that nothing fits.
  std::uint64_t computations_ = 0;
};

}  // namespace veredus::authenticate
