#include "wire/sasl/scram_verifier.h"

#include <array>
#include <cstddef>
#include <optional>
#include <utility>

#include <gsasl.h>

#include "base/base64.h"
#include "base/cursor.h"
#include "base/text.h"
#include "wire/sasl/prepare.h"

namespace veredus::sasl {
namespace {

constexpr std::string_view kMalformed = "not a SCRAM verifier (RFC 5803)";

std::size_t hash_octets(Hash hash) {
  return hash == Hash::sha1 ? GSASL_HASH_SHA1_SIZE : GSASL_HASH_SHA256_SIZE;
}

std::string_view scheme(Hash hash) {
  return name(hash == Hash::sha1 ? Mechanism::scram_sha_1 : Mechanism::scram_sha_256);
}

struct Keys {
  std::string salted_password;
  std::string server_key;
  std::string stored_key;
};

/// RFC 5802 §3. `password` ends at its first NUL.
std::optional<Keys> derive(Hash hash, const char* password, const ScramCost& cost) {
  std::array<char, GSASL_HASH_MAX_SIZE> salted{};
  std::array<char, GSASL_HASH_MAX_SIZE> client{};
  std::array<char, GSASL_HASH_MAX_SIZE> server{};
  std::array<char, GSASL_HASH_MAX_SIZE> stored{};
  const int code = gsasl_scram_secrets_from_password(
      hash == Hash::sha1 ? GSASL_HASH_SHA1 : GSASL_HASH_SHA256, password, cost.iterations,
      cost.salt.data(), cost.salt.size(), salted.data(), client.data(), server.data(),
      stored.data());
  if (code != GSASL_OK) return std::nullopt;
  const std::size_t size = hash_octets(hash);
  return Keys{.salted_password = std::string(salted.data(), size),
              .server_key = std::string(server.data(), size),
              .stored_key = std::string(stored.data(), size)};
}

/// 32 octets that only who has `key` can tell: HMAC-SHA-256, as PBKDF2 with one iteration.
std::string secret_octets(const Secret& key, std::string_view use, std::string_view account) {
  std::string about(use);
  about += '\0';
  about += account;
  auto keys = derive(Hash::sha256, to_base64(key.reveal()).c_str(),
                     {.salt = std::move(about), .iterations = 1});
  return keys ? std::move(keys->salted_password) : std::string(GSASL_HASH_SHA256_SIZE, '\0');
}

}  // namespace

Result<ScramVerifier> make_scram_verifier(Hash hash, const Secret& password,
                                          const ScramCost& cost) {
  if (cost.salt.empty()) return fail(Fault::refused, "SCRAM needs a salt");
  if (cost.iterations < kIterationsMin || cost.iterations > kIterationsMax) {
    return fail(Fault::refused, "the iterations of SCRAM must be between " +
                                    std::to_string(kIterationsMin) + " and " +
                                    std::to_string(kIterationsMax));
  }
  const Result<Secret> prepared = prepare_password(password.reveal());
  if (!prepared) return fail(prepared.error());
  auto keys = derive(hash, prepared->c_str(), cost);
  if (!keys) return fail(Fault::unavailable, "GNU SASL can't derive keys");
  wipe(keys->salted_password);
  return ScramVerifier{.hash = hash,
                       .iterations = cost.iterations,
                       .salt = cost.salt,
                       .stored_key = std::move(keys->stored_key),
                       .server_key = std::move(keys->server_key)};
}

ScramVerifier fake_verifier(Hash hash, const Secret& key, std::string_view account,
                            std::uint32_t iterations) {
  // An account that exists has another salt for each hash.
  const auto octets = [&](std::string_view use, std::size_t count) {
    return secret_octets(key, std::string(scheme(hash)) + std::string(use), account)
        .substr(0, count);
  };
  return {.hash = hash,
          .iterations = iterations,
          .salt = octets(" salt", kSaltOctets),
          .stored_key = octets(" StoredKey", hash_octets(hash)),
          .server_key = octets(" ServerKey", hash_octets(hash))};
}

Secret fake_password(const Secret& key, std::string_view account) {
  return Secret(to_base64(secret_octets(key, "CRAM-MD5", account)));
}

std::string to_text(const ScramVerifier& verifier) {
  std::string text(scheme(verifier.hash));
  text += '$' + std::to_string(verifier.iterations) + ':' + to_base64(verifier.salt);
  text += '$' + to_base64(verifier.stored_key) + ':' + to_base64(verifier.server_key);
  return text;
}

Result<ScramVerifier> parse_scram_verifier(std::string_view text) {
  const auto malformed = [] { return fail(Fault::malformed, std::string(kMalformed)); };
  const auto up_to = [](char end) { return [end](char c) { return c != end; }; };
  Cursor in(text);
  const auto mechanism = parse_mechanism(in.take_while(up_to('$')));
  const auto hash = mechanism ? scram_hash(*mechanism) : std::nullopt;
  if (!hash || needs_binding(*mechanism) || !in.eat('$')) return malformed();

  const auto iterations = to_number<std::uint32_t>(in.take_while(up_to(':')));
  if (!iterations || *iterations == 0 || *iterations > kIterationsMax || !in.eat(':'))
    return malformed();
  auto salt = from_base64(in.take_while(up_to('$')));
  if (!salt || salt->empty() || !in.eat('$')) return malformed();
  auto stored_key = from_base64(in.take_while(up_to(':')));
  if (!stored_key || stored_key->size() != hash_octets(*hash) || !in.eat(':')) return malformed();
  auto server_key = from_base64(in.rest());
  if (!server_key || server_key->size() != hash_octets(*hash)) return malformed();
  return ScramVerifier{.hash = *hash,
                       .iterations = *iterations,
                       .salt = std::move(*salt),
                       .stored_key = std::move(*stored_key),
                       .server_key = std::move(*server_key)};
}

}  // namespace veredus::sasl
