// The SASL mechanisms we speak (RFC 4422 §3.1), and what to know of each before using it.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace veredus::sasl {

/// In order of preference, best first.
enum class Mechanism : std::uint8_t {
  external,            ///< The client's TLS certificate (RFC 4422 §A).
  scram_sha_256_plus,  ///< RFC 7677, bound to the TLS channel.
  scram_sha_256,       ///< RFC 7677
  scram_sha_1_plus,    ///< RFC 5802, bound to the TLS channel.
  scram_sha_1,         ///< RFC 5802
  plain,               ///< RFC 4616. Sends the password.
  login,               ///< No standard, but what old clients have. Sends the password.
  cram_md5,            ///< RFC 2195. The server must keep the password itself.
};

inline constexpr std::array kMechanisms{Mechanism::external,      Mechanism::scram_sha_256_plus,
                                        Mechanism::scram_sha_256, Mechanism::scram_sha_1_plus,
                                        Mechanism::scram_sha_1,   Mechanism::plain,
                                        Mechanism::login,         Mechanism::cram_md5};

enum class Hash : std::uint8_t { sha1, sha256 };

/// As it stands in EHLO's AUTH line and in the log: "SCRAM-SHA-256-PLUS".
std::string_view name(Mechanism mechanism) noexcept;

/// By name, whatever the case; nothing for one we don't speak.
std::optional<Mechanism> parse_mechanism(std::string_view text) noexcept;

/// Those of a list with spaces between (what stands behind AUTH in a reply to EHLO) that we
/// speak, each once, in our order of preference.
std::vector<Mechanism> parse_mechanisms(std::string_view list);

/// The hash of SCRAM, nothing for other mechanisms.
std::optional<Hash> scram_hash(Mechanism mechanism) noexcept;

/// True for PLAIN and LOGIN: who listens has the password, so use them under TLS alone.
bool sends_password(Mechanism mechanism) noexcept;

/// True for the -PLUS forms: they need channel binding.
bool needs_binding(Mechanism mechanism) noexcept;

/// True when the client speaks first, so that AUTH may carry an initial response (RFC 4954 §4).
bool client_speaks_first(Mechanism mechanism) noexcept;

}  // namespace veredus::sasl
