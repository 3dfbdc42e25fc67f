#include "mail/authenticate/password.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <utility>

#include <sodium.h>

#include "base/cursor.h"
#include "base/text.h"
#include "base/utf8.h"
#include "wire/sasl/prepare.h"
#include "wire/sasl/scram_verifier.h"

namespace veredus::authenticate {
namespace {

constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";  // RFC 4648 §6
constexpr std::size_t kGroups = 4;
constexpr std::size_t kGroupLetters = 4;
constexpr std::size_t kGeneratedOctets = kGroups * (kGroupLetters + 1) - 1;

constexpr HashCost kLight{.passes = crypto_pwhash_OPSLIMIT_MIN,
                          .memory_bytes = crypto_pwhash_MEMLIMIT_MIN};

// What a stored hash may ask for: the table file is not always written by our own hand.
constexpr std::uint32_t kPassesMax = 32;
constexpr std::uint32_t kMemoryKibMax = 256 * 1024;

/// libsodium must be told once before it draws salts.
void ready_sodium() {
  static const int ready = sodium_init();
  static_cast<void>(ready);
}

std::string random_octets(std::size_t count) {
  ready_sodium();
  std::string octets(count, '\0');
  randombytes_buf(octets.data(), octets.size());
  return octets;
}

bool is_generated_form(std::string_view text) {
  if (text.size() != kGeneratedOctets) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool separates = i % (kGroupLetters + 1) == kGroupLetters;
    if (separates ? text[i] != '-' : !kAlphabet.contains(text[i])) return false;
  }
  return true;
}

/// The cost that "$argon2id$v=19$m=19456,t=2,p=1$..." says; nothing for another form.
std::optional<HashCost> cost_of(std::string_view hash) {
  constexpr std::string_view kPrefix = "$argon2id$v=19$m=";
  if (!hash.starts_with(kPrefix)) return std::nullopt;
  hash.remove_prefix(kPrefix.size());
  const auto number = [&hash](std::string_view end) -> std::optional<std::uint32_t> {
    const std::size_t at = hash.find(end);
    if (at == std::string_view::npos) return std::nullopt;
    const auto value = to_number<std::uint32_t>(hash.substr(0, at));
    hash.remove_prefix(at + end.size());
    return value;
  };
  const auto memory_kib = number(",t=");
  const auto passes = number(",p=");
  const auto lanes = number("$");
  if (!memory_kib || !passes || lanes != 1U) return std::nullopt;
  if (*memory_kib > kMemoryKibMax || *passes > kPassesMax) return std::nullopt;
  return HashCost{.passes = *passes, .memory_bytes = *memory_kib * 1024};
}

Result<std::string> hash_prepared(const Secret& password, HashCost cost) {
  ready_sodium();
  std::array<char, crypto_pwhash_STRBYTES> text{};
  const std::string_view octets = password.reveal();
  if (crypto_pwhash_str_alg(text.data(), octets.data(), octets.size(), cost.passes,
                            cost.memory_bytes, crypto_pwhash_ALG_ARGON2ID13) != 0)
    return fail(Fault::overloaded, "no memory to compute a password hash");
  return std::string(text.data());
}

Result<std::string> make_verifier(sasl::Hash hash, const Secret& password,
                                  std::uint32_t iterations) {
  const auto verifier = sasl::make_scram_verifier(
      hash, password, {.salt = random_octets(sasl::kSaltOctets), .iterations = iterations});
  if (!verifier) return fail(verifier.error());
  return sasl::to_text(*verifier);
}

/// As Argon2's own text form has it: base64 without padding.
std::string random_base64(std::size_t count) {
  constexpr int kVariant = sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
  const std::string octets = random_octets(count);
  std::string text(sodium_base64_encoded_len(count, kVariant), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(octets.data()),
                    octets.size(), kVariant);
  text.resize(text.find('\0'));
  return text;
}

}  // namespace

Result<> check_acceptable(const Secret& password) {
  const std::string_view text = password.reveal();
  if (text.empty()) return fail(Fault::refused, "the password is empty");
  if (text.size() > kPasswordOctetsMax)
    return fail(Fault::refused,
                "the password is longer than " + std::to_string(kPasswordOctetsMax) + " octets");
  if (!is_utf8(text)) return fail(Fault::refused, "the password is not UTF-8");
  const auto prepared = sasl::prepare_password(text);
  if (!prepared) return fail(prepared.error());
  return {};
}

std::string warning_about(const Secret& password) {
  const auto begins_character = [](char c) { return (c & '\xc0') != '\x80'; };
  const auto characters = std::ranges::count_if(password.reveal(), begins_character);
  if (static_cast<std::size_t>(characters) >= kPasswordCharactersAdvised) return {};
  return "the password has fewer than " + std::to_string(kPasswordCharactersAdvised) +
         " characters: it is soon guessed";
}

Result<std::string> hash_password(const Secret& password, HashCost cost) {
  if (const auto good = check_acceptable(password); !good) return fail(good.error());
  const auto prepared = sasl::prepare_password(password.reveal());
  if (!prepared) return fail(prepared.error());
  return hash_prepared(*prepared, cost);
}

bool verify_password(const std::string& hash, const Secret& password) {
  ready_sodium();
  if (hash.starts_with(kPlainScheme))
    return equal_in_constant_time(std::string_view(hash).substr(kPlainScheme.size()),
                                  password.reveal());
  if (!cost_of(hash) || password.reveal().size() > kPasswordOctetsMax) return false;
  return crypto_pwhash_str_verify(hash.c_str(), password.reveal().data(),
                                  password.reveal().size()) == 0;
}

std::string make_decoy(HashCost cost) {
  constexpr std::size_t kHashOctets = 32;  // Of crypto_pwhash_str().
  return "$argon2id$v=19$m=" + std::to_string(cost.memory_bytes / 1024) +
         ",t=" + std::to_string(cost.passes) + ",p=1$" + random_base64(crypto_pwhash_SALTBYTES) +
         "$" + random_base64(kHashOctets);
}

bool is_light(std::string_view hash) {
  return hash.starts_with(kPlainScheme) || cost_of(hash) == kLight;
}

bool is_for(const directory::Credential& credential, directory::Protocol protocol) {
  const auto& protocols = credential.protocols;
  return protocols.empty() || std::ranges::find(protocols, protocol) != protocols.end();
}

Result<directory::Credential> make_credential(const Secret& password, std::string name,
                                              std::vector<directory::Protocol> protocols,
                                              CredentialCost cost) {
  const bool light = !name.empty() && is_generated_form(password.reveal());
  auto argon2id = hash_password(password, light ? kLight : cost.hash);
  if (!argon2id) return fail(argon2id.error());
  auto sha_256 = make_verifier(sasl::Hash::sha256, password, cost.scram_iterations);
  if (!sha_256) return fail(sha_256.error());
  auto sha_1 = make_verifier(sasl::Hash::sha1, password, cost.scram_iterations);
  if (!sha_1) return fail(sha_1.error());
  directory::Credential credential;
  credential.name = std::move(name);
  credential.argon2id = *std::move(argon2id);
  credential.scram_sha_256 = *std::move(sha_256);
  credential.scram_sha_1 = *std::move(sha_1);
  credential.protocols = std::move(protocols);
  return credential;
}

Secret generate_password() {
  const std::string random = random_octets(kGroups * kGroupLetters);
  std::string text;
  text.reserve(kGeneratedOctets);
  for (std::size_t i = 0; i < random.size(); ++i) {
    if (i > 0 && i % kGroupLetters == 0) text += '-';
    // 32 divides 256: every letter is as likely as any other.
    text += kAlphabet[static_cast<unsigned char>(random[i]) % kAlphabet.size()];
  }
  return Secret(std::move(text));
}

}  // namespace veredus::authenticate
