// A Router's tables, made from configuration once and only read afterwards.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ip.h"
#include "mail/route/domain_patterns.h"
#include "mail/route/router.h"

namespace veredus::route {

/// A domain whose mail ends here. Local parts are in lower case.
struct LocalDomain {
  explicit LocalDomain(smtp::Domain d) : domain(std::move(d)) {}

  smtp::Domain domain;
  std::optional<Lmtp> lmtp;
  std::set<std::string, std::less<>> mailboxes;
  std::map<std::string, std::uint64_t, std::less<>> quotas;  ///< Of some mailboxes, in octets.
  std::map<std::string, std::vector<smtp::Address>, std::less<>> aliases;
  std::optional<smtp::Address> catch_all;
  std::string separators;

  /// The part before the first separator; all of it when there is none.
  std::string_view base_of(std::string_view local_part) const;
  /// The targets of the alias that a local part, or what is before its separator, names; or null.
  const std::vector<smtp::Address>* find_alias(std::string_view local_part) const;
  /// The mailbox that a local part, or what is before its separator, names; or nothing.
  std::optional<std::string> find_mailbox(std::string_view local_part) const;
  /// 0: none.
  std::uint64_t quota_of(std::string_view mailbox) const;
  /// Every local part is good: the LMTP server decides.
  bool takes_all() const { return lmtp && mailboxes.empty(); }
};

struct UseMx {
  HopSecurity security;
};
using StaticNextHop = std::variant<UseMx, SmtpHost, Lmtp>;

/// All of it is read by Router alone.
struct Router::Tables {
  std::map<std::string, LocalDomain, std::less<>> domains;
  std::vector<IpAddress> own_addresses;
  DomainPatterns<bool> relay_domains;
  DomainPatterns<StaticNextHop> routes;
  std::optional<StaticNextHop> smart_host;
  std::map<std::string, HopSecurity, std::less<>> hosts;  ///< By destination_name() of a SmtpHost.
  HopSecurity usual;                                      ///< Of all other next hops.
  std::optional<smtp::Address> postmaster;
  std::optional<smtp::Domain> primary;  ///< Stands for our own address literals.
  std::size_t expansions_max = 0;
  std::size_t alias_depth_max = 0;

  /// The local domain an address is in (own literals included), or null.
  const LocalDomain* find_local(const smtp::Address& address) const;
};

}  // namespace veredus::route
