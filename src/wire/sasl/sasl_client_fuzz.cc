// A client that is told anything by the server: SCRAM never takes it for one that knows the
// password, and every exchange ends. The first octet picks the mechanism; lines are challenges, in
// which "@" is the client's nonce.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/sasl/client_exchange.h"

namespace {

using namespace veredus;
using namespace veredus::sasl;

constexpr std::size_t kAnswersMax = 4;  // More than any mechanism has.

void require(bool holds) {
  if (!holds) std::abort();
}

void play(std::uint8_t choice, std::string_view challenges) {
  const Mechanism mechanism = kMechanisms[choice % kMechanisms.size()];
  ClientExchange client(
      {.mechanism = mechanism, .binding = {.exporter = "0123456789abcdef", .unique = {}}},
      {.user = "ann", .password = Secret("secret"), .authorize_as = {}});
  const std::string initial = client.initial().value().value_or("");
  const std::string nonce = initial.substr(std::min(initial.find("r=") + 2, initial.size()));
  std::size_t answers = 0;
  while (!challenges.empty()) {
    const std::string_view line = challenges.substr(0, challenges.find('\n'));
    challenges.remove_prefix(std::min(line.size() + 1, challenges.size()));
    // A million iterations in each of these would be no test of anything.
    if (line.contains("i=") && !line.contains("i=4096")) continue;
    std::string challenge(line);
    if (const auto at = challenge.find('@'); at != std::string::npos)
      challenge.replace(at, 1, nonce);
    if (!client.answer(challenge)) break;
    require(++answers <= kAnswersMax);
  }
  require(!scram_hash(mechanism) || !client.is_complete());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  play(data[0], std::string_view(reinterpret_cast<const char*>(data + 1), size - 1));
  return 0;
}
