#include "wire/sasl/mechanism.h"

#include <algorithm>
#include <cstddef>

#include "base/cursor.h"
#include "base/text.h"

namespace veredus::sasl {
namespace {

// Indexed by Mechanism.
constexpr std::array<std::string_view, kMechanisms.size()> kNames{
    "EXTERNAL",      "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-1",   "PLAIN",
    "LOGIN",         "CRAM-MD5"};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kMechanisms.size(); ++i)
    if (static_cast<std::size_t>(kMechanisms[i]) != i) return false;
  return true;
}
static_assert(in_order());

}  // namespace

std::string_view name(Mechanism mechanism) noexcept {
  return kNames[static_cast<std::size_t>(mechanism)];
}

std::optional<Mechanism> parse_mechanism(std::string_view text) noexcept {
  const auto* const found = std::ranges::find_if(
      kMechanisms, [text](Mechanism mechanism) { return iequals(name(mechanism), text); });
  if (found == kMechanisms.end()) return std::nullopt;
  return *found;
}

std::vector<Mechanism> parse_mechanisms(std::string_view list) {
  std::vector<Mechanism> found;
  Cursor in(list);
  while (!in.done()) {
    in.take_while([](char c) { return c == ' '; });
    const auto mechanism = parse_mechanism(in.take_while([](char c) { return c != ' '; }));
    if (mechanism) found.push_back(*mechanism);
  }
  std::ranges::sort(found);
  const auto repeated = std::ranges::unique(found);
  found.erase(repeated.begin(), repeated.end());
  return found;
}

std::optional<Hash> scram_hash(Mechanism mechanism) noexcept {
  switch (mechanism) {
    case Mechanism::scram_sha_256_plus:
    case Mechanism::scram_sha_256:
      return Hash::sha256;
    case Mechanism::scram_sha_1_plus:
    case Mechanism::scram_sha_1:
      return Hash::sha1;
    case Mechanism::external:
    case Mechanism::plain:
    case Mechanism::login:
    case Mechanism::cram_md5:
      return std::nullopt;
  }
  return std::nullopt;
}

bool sends_password(Mechanism mechanism) noexcept {
  return mechanism == Mechanism::plain || mechanism == Mechanism::login;
}

bool needs_binding(Mechanism mechanism) noexcept {
  return mechanism == Mechanism::scram_sha_256_plus || mechanism == Mechanism::scram_sha_1_plus;
}

bool client_speaks_first(Mechanism mechanism) noexcept {
  return mechanism != Mechanism::login && mechanism != Mechanism::cram_md5;
}

}  // namespace veredus::sasl
