// Passwords at rest: Argon2id for mechanisms that send the password, verifiers for SCRAM.
//
// Everything here takes CPU and memory on purpose: call it on a worker (io::run_blocking), never
// on a reactor. Thread-safe.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "mail/authenticate/config.h"
#include "mail/directory/account.h"

namespace veredus::authenticate {

inline constexpr std::size_t kPasswordOctetsMax = 1024;
inline constexpr std::size_t kPasswordCharactersAdvised = 8;

/// Errors: refused, with a text for who chose it: empty, over kPasswordOctetsMax octets, no UTF-8,
/// or characters that SASLprep does not allow (RFC 4013 §2.3). All else is the postmaster's.
[[nodiscard]] Result<> check_acceptable(const Secret& password);

/// What to tell about a password that is acceptable but unwise: empty when nothing is.
std::string warning_about(const Secret& password);

/// An Argon2id hash in the form "$argon2id$v=19$m=...,t=...,p=1$salt$hash", of the password in the
/// form that sasl::prepare_password() gives it. Errors: as check_acceptable(); overloaded (no
/// memory).
[[nodiscard]] Result<std::string> hash_password(const Secret& password, HashCost cost = {});

/// Before a password that is kept as it is, for CRAM-MD5: in the place of a hash, by the table
/// file.
inline constexpr std::string_view kPlainScheme = "{PLAIN}";

/// True when `hash` (Argon2id, or kPlainScheme and the password) is one of `password`, in the form
/// in which the SASL exchange gives it. False for a hash that is none, or that asks for more than
/// 256 MiB or 32 passes. Compares in constant time.
bool verify_password(const std::string& hash, const Secret& password);

/// A hash of no password at all, which takes verify_password() as long as a true one of that cost.
/// Cheap to make.
std::string make_decoy(HashCost cost);

/// True for a hash that costs next to nothing to verify: of a generated app password (see
/// make_credential()), or none at all (kPlainScheme).
bool is_light(std::string_view hash);

/// True when the credential is good for logging in by `protocol`.
bool is_for(const directory::Credential& credential, directory::Protocol protocol);

/// How new passwords are kept.
struct CredentialCost {
  HashCost hash;
  std::uint32_t scram_iterations = 10'000;
};

/// All that is kept of a password: argon2id, scram_sha_256 and scram_sha_1, with new salts. `name`
/// is empty for an account's own password, else an app password's; `protocols` none: for all.
/// `created` is left for the caller to set.
///
/// A named password in the form of generate_password() gets the lightest hash there is: its 80
/// random bits need no slow one, and so an account's app passwords can all be tried at each login
/// (stored_backend.h). Errors: as hash_password().
[[nodiscard]] Result<directory::Credential> make_credential(
    const Secret& password, std::string name = {}, std::vector<directory::Protocol> protocols = {},
    CredentialCost cost = {});

/// For app passwords: "abcd-efgh-2345-mnop" in letters and digits of base32 (RFC 4648 §6, in lower
/// case), 80 random bits of the kernel.
Secret generate_password();

}  // namespace veredus::authenticate
