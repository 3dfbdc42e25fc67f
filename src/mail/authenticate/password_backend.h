// Where the answer to "is this the password?" comes from.

#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/ip.h"
#include "base/result.h"
#include "base/secret.h"
#include "io/task.h"
#include "mail/authenticate/login_name.h"
#include "mail/directory/account.h"

namespace veredus::authenticate {

/// Whose password it is said to be.
struct Claim {
  LoginName login;
  /// Null when there is none of that name, or it may not log in: the check then costs the same and
  /// finds the password wrong, whatever it is.
  std::shared_ptr<const directory::Account> account;
  directory::Protocol protocol = directory::Protocol::submission;
  IpAddress client;  ///< As network_of() gives it.
};

class PasswordBackend {
 public:
  virtual ~PasswordBackend() = default;

  /// The name of the credential (empty: the account's own password) that `password` is the one of;
  /// nothing when it is wrong. Runs on the Authenticator's reactor; what takes time goes to a
  /// worker. Errors: overloaded (too many checks at once), unavailable.
  virtual io::Task<Result<std::optional<std::string>>> check(Claim claim, Secret password) = 0;
};

}  // namespace veredus::authenticate
