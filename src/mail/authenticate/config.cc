#include "mail/authenticate/config.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/complaints.h"
#include "wire/sasl/scram_verifier.h"
#include "wire/smtp/address.h"

namespace veredus::authenticate {
namespace {

struct Range {
  std::string_view key;
  std::int64_t value;
  std::int64_t least;
  std::int64_t most;
};

constexpr std::int64_t kMany = 1'000'000'000;

void check(const Range& range, Complaints& complaints) {
  complaints.unless(
      range.value >= range.least && range.value <= range.most,
      "authenticate." + std::string(range.key),
      "must be from " + std::to_string(range.least) + " to " + std::to_string(range.most));
}

void check_numbers(const AuthenticateConfig& config, Complaints& complaints) {
  const std::array ranges{
      Range{"hash.passes", config.hash.passes, 1, 32},
      Range{"hash.memory_bytes", config.hash.memory_bytes, 8 * 1024, 256 << 20},
      Range{"scram_iterations", config.scram_iterations, sasl::kIterationsMin,
            sasl::kIterationsMax},
      Range{"checks_at_once", config.checks_at_once, 1, 1000},
      Range{"checks_waiting_max", config.checks_waiting_max, 1, 100'000},
      Range{"checks_per_client_max", config.checks_per_client_max, 1, 100'000},
      Range{"remember", config.remember.count(), 0, 24 * 3600},
      Range{"remembered_max", config.remembered_max, 1, kMany},
  };
  for (const Range& range : ranges) check(range, complaints);
}

void check_throttle(const ThrottleConfig& config, Complaints& complaints) {
  constexpr std::int64_t kDay = 24 * 3600;
  const std::array ranges{
      Range{"throttle.failures_free", config.failures_free, 1, 1000},
      Range{"throttle.delay_first", config.delay_first.count(), 1, kDay},
      Range{"throttle.delay_max", config.delay_max.count(), config.delay_first.count(), kDay},
      Range{"throttle.known_delay_max", config.known_delay_max.count(), 1, kDay},
      Range{"throttle.forgive", config.forgive.count(), config.delay_max.count(), 30 * kDay},
      Range{"throttle.entries_max", config.entries_max, 1000, kMany},
      Range{"throttle.known_accounts_max", config.known_accounts_max, 1, kMany},
      Range{"throttle.known_addresses_max", config.known_addresses_max, 1, 1000},
      Range{"throttle.known_for", config.known_for.count(), 1, 100'000},
  };
  for (const Range& range : ranges) check(range, complaints);
}

/// Brings `domain` to its canonical form.
void check_domain(std::string_view key, std::string& domain, Complaints& complaints) {
  const auto parsed = smtp::Domain::parse(domain);
  if (parsed)
    domain = parsed->ascii();
  else
    complaints.add(key, "'" + domain + "': " + parsed.error().text());
}

}  // namespace

Result<AuthenticateConfig> checked(AuthenticateConfig config) {
  Complaints complaints;
  check_numbers(config, complaints);
  check_throttle(config.throttle, complaints);
  if (!config.default_domain.empty())
    check_domain("authenticate.default_domain", config.default_domain, complaints);
  for (std::string& domain : config.pam.domains)
    check_domain("authenticate.pam.domains", domain, complaints);
  const bool plain_name = !config.pam.service.empty() && !config.pam.service.contains('/');
  complaints.unless(plain_name, "authenticate.pam.service", "must be the name of a file, no path");
  auto& mechanisms = config.mechanisms;
  std::ranges::sort(mechanisms);
  mechanisms.erase(std::ranges::unique(mechanisms).begin(), mechanisms.end());
  if (!complaints.empty()) return fail(complaints.error());
  return config;
}

}  // namespace veredus::authenticate
