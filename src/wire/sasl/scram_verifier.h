// What a server keeps of a password for SCRAM (RFC 5802 §3): enough to check, not to log in.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "wire/sasl/mechanism.h"

namespace veredus::sasl {

inline constexpr std::uint32_t kIterationsMin = 4096;       // RFC 7677 §4
inline constexpr std::uint32_t kIterationsMax = 1'000'000;  // Some tenths of a second of CPU.
inline constexpr std::size_t kSaltOctets = 16;  // Of new verifiers, true and false ones alike.

/// Raw octets. Not the password, but enough to pose as the server and to guess at the password
/// at leisure: never show or log it.
struct ScramVerifier {
  Hash hash = Hash::sha256;
  std::uint32_t iterations = 0;
  std::string salt;
  std::string stored_key;  ///< 20 octets for SHA-1, 32 for SHA-256; so is the next.
  std::string server_key;

  friend bool operator==(const ScramVerifier&, const ScramVerifier&) = default;
};

struct ScramCost {
  std::string salt;  ///< Random octets, kSaltOctets of them for new passwords.
  std::uint32_t iterations = kIterationsMin;
};

/// Takes CPU in proportion to the iterations (10,000: some milliseconds): not for a reactor.
/// Errors: refused (a password that SASLprep does not allow, no salt, iterations out of
/// kIterationsMin..kIterationsMax).
Result<ScramVerifier> make_scram_verifier(Hash hash, const Secret& password, const ScramCost& cost);

/// A verifier no password fits, always the same for one `key`, `account` and hash: given to an
/// exchange for an account that is unknown or may not log in, so that a client can't tell it
/// from one that exists. `key` is random, of this site and kept over restarts, or else salts
/// that change with a restart give unknown accounts away. Pass `account` as look-ups normalise
/// it, and the `iterations` that true verifiers have.
ScramVerifier fake_verifier(Hash hash, const Secret& key, std::string_view account,
                            std::uint32_t iterations);

/// The same for CRAM-MD5, which needs the password itself.
Secret fake_password(const Secret& key, std::string_view account);

/// "SCRAM-SHA-256$4096:<salt>$<StoredKey>:<ServerKey>", in base64 (RFC 5803 §2).
std::string to_text(const ScramVerifier& verifier);

/// Errors: malformed. The text does not quote what it read.
Result<ScramVerifier> parse_scram_verifier(std::string_view text);

}  // namespace veredus::sasl
