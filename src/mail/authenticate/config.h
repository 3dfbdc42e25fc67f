// What the postmaster configures about logging in.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "wire/sasl/mechanism.h"

namespace veredus::authenticate {

/// What one computation of Argon2id costs, here and for who guesses at a stolen hash. Counts for
/// hashes made from now on; those that are stored keep their own.
struct HashCost {
  std::uint32_t passes = 2;                ///< >= 1.
  std::uint32_t memory_bytes = 19U << 20;  ///< For each check at once. 8 KiB .. 256 MiB.

  friend bool operator==(const HashCost&, const HashCost&) = default;
};

/// See throttle.h for what these numbers do.
struct ThrottleConfig {
  std::uint32_t failures_free = 5;           ///< Wrong passwords before the first delay. 1..1000.
  std::chrono::seconds delay_first{1};       ///< Then it doubles with each wrong password. >= 1 s.
  std::chrono::seconds delay_max{15 * 60};   ///< As far as this.
  std::chrono::seconds known_delay_max{60};  ///< From where somebody logged in before: as far.
  std::chrono::seconds forgive{30 * 60};     ///< One failure is forgotten each time. >= delay_max.
  std::uint32_t entries_max = 100'000;       ///< Addresses, and accounts, remembered. >= 1000.
  std::uint32_t known_accounts_max = 100'000;  ///< Whose addresses are remembered. >= 1.
  std::uint32_t known_addresses_max = 16;      ///< For each account. >= 1.
  std::chrono::hours known_for{30 * 24};       ///< Since the last login from there. >= 1 h.

  friend bool operator==(const ThrottleConfig&, const ThrottleConfig&) = default;
};

/// The system's own users, by PAM.
struct PamConfig {
  std::string service = "veredus";   ///< The file in /etc/pam.d.
  std::vector<std::string> domains;  ///< Whose local parts are names of users; none: no PAM.

  friend bool operator==(const PamConfig&, const PamConfig&) = default;
};

struct AuthenticateConfig {
  /// On offer, best first. CRAM-MD5 is not among them unless asked for: it works only for
  /// accounts whose password the table file holds as it is, with the scheme {PLAIN}.
  std::vector<sasl::Mechanism> mechanisms{
      sasl::Mechanism::external,      sasl::Mechanism::scram_sha_256_plus,
      sasl::Mechanism::scram_sha_256, sasl::Mechanism::scram_sha_1_plus,
      sasl::Mechanism::scram_sha_1,   sasl::Mechanism::plain,
      sasl::Mechanism::login,
  };
  /// PLAIN and LOGIN without TLS, for development alone (RFC 4954 §4).
  bool insecure_plain = false;
  std::string default_domain;  ///< For a login name without '@'; empty: such names are unknown.
  HashCost hash;
  std::uint32_t scram_iterations = 10'000;   ///< Of new passwords. 4096..1,000,000 (RFC 7677 §4).
  std::uint32_t checks_at_once = 2;          ///< Computations at once, fewer than workers. >= 1.
  std::uint32_t checks_waiting_max = 64;     ///< In line for one; over it: "try again later". >= 1.
  std::uint32_t checks_per_client_max = 16;  ///< Of those, from one client. >= 1.
  std::chrono::seconds remember{300};        ///< A right password needs no new computation so long.
  std::uint32_t remembered_max = 10'000;     ///< Right passwords remembered. >= 1.
  ThrottleConfig throttle;
  PamConfig pam;

  friend bool operator==(const AuthenticateConfig&, const AuthenticateConfig&) = default;
};

/// Brings names of domains to lower case. Names every key it rejects.
[[nodiscard]] Result<AuthenticateConfig> checked(AuthenticateConfig config);

}  // namespace veredus::authenticate
