#include "mail/authenticate/throttle.h"

#include <algorithm>
#include <array>
#include <cassert>

#include <sodium.h>

namespace veredus::authenticate {

IpAddress network_of(const IpAddress& client) {
  if (client.is_v4()) return client;
  std::array<std::uint8_t, 16> octets{};
  std::ranges::copy(client.octets().substr(0, 8), octets.begin());
  return IpAddress::v6(octets);
}

Throttle::Throttle(const ThrottleConfig& config, const Secret& key) : key_(key) {
  configure(config);
  static_assert(crypto_shorthash_KEYBYTES == 16);
  assert(key_.reveal().size() == crypto_shorthash_KEYBYTES);
}

void Throttle::configure(const ThrottleConfig& config) {
  config_ = config;
  known_config_ = config;
  known_config_.delay_max = std::min(config.delay_max, config.known_delay_max);
}

SteadyTime Throttle::blocked_until(std::string_view account, const IpAddress& client,
                                   SteadyTime now) const {
  const std::uint64_t name = hashed(account);
  const std::uint64_t address = hashed(client);
  if (const Known* known = find_known(name, address, now))
    return known->strikes.blocked_until(known_config_);
  return std::max(addresses_.blocked_until(address, config_),
                  accounts_.blocked_until(name, config_));
}

void Throttle::failed(std::string_view account, const IpAddress& client, SteadyTime now) {
  const std::uint64_t name = hashed(account);
  const std::uint64_t address = hashed(client);
  if (find_known(name, address, now) != nullptr) {
    auto& addresses = known_.find(name)->second.addresses;
    std::ranges::find(addresses, address, &Known::address)->strikes.add(known_config_, now);
    return;
  }
  addresses_.add(address, config_, now);
  accounts_.add(name, config_, now);
}

void Throttle::succeeded(std::string_view account, const IpAddress& client, SteadyTime now) {
  const std::uint64_t address = hashed(client);
  auto& addresses = remember(hashed(account), now).addresses;
  auto known = std::ranges::find(addresses, address, &Known::address);
  if (known == addresses.end()) {
    if (addresses.size() >= config_.known_addresses_max)
      addresses.erase(std::ranges::min_element(addresses, {}, &Known::last_login));
    known =
        addresses.insert(addresses.end(), {.address = address, .last_login = now, .strikes = {}});
  }
  known->last_login = now;
  known->strikes = {};
}

bool Throttle::is_known(std::string_view account, const IpAddress& client, SteadyTime now) const {
  return find_known(hashed(account), hashed(client), now) != nullptr;
}

std::uint64_t Throttle::hashed(std::string_view text) const {
  static_assert(crypto_shorthash_BYTES == sizeof(std::uint64_t));
  std::uint64_t hash = 0;
  crypto_shorthash(reinterpret_cast<unsigned char*>(&hash),
                   reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                   reinterpret_cast<const unsigned char*>(key_.reveal().data()));
  return hash;
}

std::uint64_t Throttle::hashed(const IpAddress& client) const {
  return hashed(network_of(client).octets());
}

const Throttle::Known* Throttle::find_known(std::uint64_t account, std::uint64_t address,
                                            SteadyTime now) const {
  const auto found = known_.find(account);
  if (found == known_.end()) return nullptr;
  const auto known = std::ranges::find(found->second.addresses, address, &Known::address);
  if (known == found->second.addresses.end() || now - known->last_login > config_.known_for)
    return nullptr;
  return &*known;
}

/// Only accounts that exist get here, so the limit is met by sites with more of them, and rarely:
/// then a search for the one that is idle longest does no harm.
Throttle::Account& Throttle::remember(std::uint64_t account, SteadyTime now) {
  const auto found = known_.find(account);
  if (found == known_.end() && known_.size() >= config_.known_accounts_max)
    known_.erase(std::ranges::min_element(
        known_, {}, [](const auto& entry) { return entry.second.last_login; }));
  Account& remembered = known_[account];
  remembered.last_login = now;
  return remembered;
}

}  // namespace veredus::authenticate
