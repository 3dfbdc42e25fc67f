// A server that is told anything: nobody is let in who proved nothing, and every exchange ends.
// The first octet picks the mechanism and options; lines are the client's messages, "=" an empty
// one.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/utf8.h"
#include "wire/sasl/server_exchange.h"

namespace {

using namespace veredus;
using namespace veredus::sasl;

constexpr std::size_t kStepsMax = 8;  // More than any mechanism needs.

void require(bool holds) {
  if (!holds) std::abort();
}

std::optional<std::string_view> next_line(std::string_view& rest) {
  if (rest.empty()) return std::nullopt;
  const std::string_view line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  return line == "=" ? std::string_view("") : line;
}

Secrets secrets_for(Mechanism mechanism, const std::string& account) {
  const auto hash = scram_hash(mechanism);
  if (!hash) return fake_password(Secret("key"), account);
  return fake_verifier(*hash, Secret("key"), account, kIterationsMin);
}

/// Texts given to the caller are what look-ups and logs can take.
void check_texts(std::string_view account, std::string_view authorize_as) {
  require(!account.empty() && is_utf8(account) && is_utf8(authorize_as));
  for (const std::string_view text : {account, authorize_as})
    for (const char c : text) require(static_cast<unsigned char>(c) >= ' ' && c != '\x7F');
  require(account != authorize_as);
}

void check_end(Mechanism mechanism, const Step& step) {
  if (const auto* check = std::get_if<CheckPassword>(&step)) {
    require(sends_password(mechanism) && !check->password.empty());
    check_texts(check->account, check->authorize_as);
  } else if (const auto* proven = std::get_if<Proven>(&step)) {
    // Fake secrets fit nothing: only a certificate proves something here.
    require(mechanism == Mechanism::external && proven->account == "cert");
    check_texts(proven->account, proven->authorize_as);
  } else {
    require(!std::get<Failed>(step).error.text().empty());
  }
}

void play(std::uint8_t choice, std::string_view messages) {
  const Mechanism mechanism = kMechanisms[choice % kMechanisms.size()];
  const bool has_binding = (choice & 0x40) == 0;
  ServerExchange server({.mechanism = mechanism,
                         .binding = {.exporter = has_binding ? "0123456789abcdef" : "",
                                     .unique = has_binding ? "unique" : ""},
                         .plus_offered = has_binding,
                         .certificate_account = "cert"});
  Step step = server.start((choice & 0x80) != 0 ? std::nullopt : next_line(messages));
  for (std::size_t steps = 0;; ++steps) {
    require(steps < kStepsMax);
    if (const auto* need = std::get_if<NeedSecrets>(&step)) {
      const std::string account = need->account;
      check_texts(account, "");
      step = server.give(secrets_for(mechanism, account));
    } else if (std::holds_alternative<Challenge>(step)) {
      const auto line = next_line(messages);
      if (!line) return;
      step = server.step(*line);
    } else {
      break;
    }
  }
  check_end(mechanism, step);
  require(std::holds_alternative<Failed>(server.step("again")));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  play(data[0], std::string_view(reinterpret_cast<const char*>(data + 1), size - 1));
  return 0;
}
