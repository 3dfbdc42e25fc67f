// Guessing at passwords: who failed too often waits before the next attempt is judged.
//
//   who                                  counted by            exempt from
//   an address that logged in to the     its failures at       address and account;
//   account before ("known")             this account          waits known_delay_max at most
//   any other address                    address and account   -
//
// An address is one IPv4 address or an IPv6 /64 (RFC 6177 §2). After `failures_free` failures each
// attempt has to wait for delay_first, then twice as long with each failure, up to delay_max; one
// failure is forgiven every `forgive`. Names of accounts that don't exist count as well: the
// throttle must not tell which do.
//
// A login that succeeds takes no failure back: who has an account of their own could otherwise
// clear their address between guesses at others'. It makes the address known instead, and from
// there on a mistyped password hurts nobody but that pair, until the next right one. So a user
// whose account is guessed at from all the world gets in from where they were before, and a
// forgotten phone with an old password does not lock out its whole household.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ip.h"
#include "base/secret.h"
#include "base/time.h"
#include "mail/authenticate/config.h"
#include "mail/authenticate/strikes.h"

namespace veredus::authenticate {

/// The client as guessing is counted: its address, or the /64 of an IPv6 address.
IpAddress network_of(const IpAddress& client);

/// Pure: time is passed in and does not go back. One owner, one thread. Bounded by its
/// configuration: some 15 MB when all tables are full. Keeps nothing over a restart: then guessers
/// begin anew, and so do honest users, whose address is known again after one login.
class Throttle {
 public:
  /// `key`: 16 random octets. Names are remembered as hashes under it, so that nobody can make
  /// two names meet, nor a long name take more memory.
  Throttle(const ThrottleConfig& config, const Secret& key);

  /// From now on. What was counted stays.
  void configure(const ThrottleConfig& config);

  /// Until when an attempt is not judged; now or earlier: it is.
  SteadyTime blocked_until(std::string_view account, const IpAddress& client, SteadyTime now) const;
  /// A judged attempt was wrong.
  void failed(std::string_view account, const IpAddress& client, SteadyTime now);
  /// A judged attempt was right: of an account that exists.
  void succeeded(std::string_view account, const IpAddress& client, SteadyTime now);

  bool is_known(std::string_view account, const IpAddress& client, SteadyTime now) const;
  /// Addresses and accounts that failed, and are remembered.
  std::size_t size() const noexcept { return addresses_.size() + accounts_.size(); }

 private:
  /// An address from which somebody logged in to an account.
  struct Known {
    std::uint64_t address = 0;
    SteadyTime last_login;
    Strikes strikes;
  };
  struct Account {
    std::vector<Known> addresses;
    SteadyTime last_login;
  };

  std::uint64_t hashed(std::string_view text) const;
  std::uint64_t hashed(const IpAddress& client) const;
  const Known* find_known(std::uint64_t account, std::uint64_t address, SteadyTime now) const;
  Account& remember(std::uint64_t account, SteadyTime now);

  ThrottleConfig config_;
  ThrottleConfig known_config_;  ///< The same for known addresses.
  Secret key_;
  StrikeTable addresses_;
  StrikeTable accounts_;
  std::unordered_map<std::uint64_t, Account> known_;
};

}  // namespace veredus::authenticate
