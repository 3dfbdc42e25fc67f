#include "mail/route/tables.h"

#include <algorithm>

#include "base/complaints.h"
#include "base/text.h"

namespace veredus::route {
namespace {

constexpr std::string_view kLmtpScheme = "lmtp://";

Result<Lmtp> parse_lmtp(std::string_view text) {
  text.remove_prefix(kLmtpScheme.size());
  if (text.starts_with('/')) return Lmtp{io::Endpoint::unix_socket(std::string(text))};
  const auto endpoint = io::Endpoint::parse(text, 24);
  if (!endpoint) return fail(endpoint.error());
  return Lmtp{*endpoint};
}

Result<StaticNextHop> parse_next_hop(std::string_view text) {
  if (text == "mx") return UseMx{};
  if (text.starts_with(kLmtpScheme)) {
    const auto lmtp = parse_lmtp(text);
    if (!lmtp) return fail(lmtp.error());
    return *lmtp;
  }
  const auto host = parse_smtp_host(text);
  if (!host) return fail(host.error());
  return *host;
}

/// A mailbox's name is a folder's: nothing that would lead out of its place.
bool is_mailbox_name(std::string_view name) {
  return !name.empty() && name.size() <= smtp::kLocalPartOctetsMax && !name.starts_with('.') &&
         std::ranges::none_of(name, [](char c) {
           return c == '/' || static_cast<unsigned char>(c) < 0x21 || c == '\x7F';
         });
}

/// One domain's configuration being turned into a LocalDomain.
class DomainMaker {
 public:
  DomainMaker(const DomainConfig& config, LocalDomain& domain, Complaints& complaints)
      : config_(config), domain_(domain), complaints_(complaints) {}

  void make() {
    domain_.separators = config_.subaddress;
    make_delivery();
    for (const std::string& mailbox : config_.mailboxes) add_mailbox(mailbox);
    for (const auto& [name, octets] : config_.quotas) domain_.quotas[ascii_lower(name)] = octets;
    for (const auto& [name, targets] : config_.aliases) add_alias(name, targets);
    if (!config_.catch_all.empty()) domain_.catch_all = target("catch_all", config_.catch_all);
  }

 private:
  std::string key(std::string_view name) const {
    return "domain " + config_.name + ": " + std::string(name);
  }

  void make_delivery() {
    if (config_.deliver.empty()) return;
    if (!config_.deliver.starts_with(kLmtpScheme)) {
      complaints_.add(key("deliver"), "expected lmtp://host:port or lmtp:///path/of/socket, not " +
                                          printable(config_.deliver));
      return;
    }
    auto lmtp = parse_lmtp(config_.deliver);
    if (!lmtp) return complaints_.add(key("deliver"), lmtp.error().text());
    domain_.lmtp = std::move(*lmtp);
  }

  void add_mailbox(const std::string& mailbox) {
    if (!is_mailbox_name(mailbox))
      complaints_.add(key("mailboxes"), "not a mailbox name: " + printable(mailbox));
    else if (!domain_.mailboxes.insert(ascii_lower(mailbox)).second)
      complaints_.add(key("mailboxes"), "named twice: " + mailbox);
  }

  void add_alias(const std::string& name, const std::vector<std::string>& targets) {
    if (targets.empty()) complaints_.add(key("aliases." + name), "has no target");
    std::vector<smtp::Address> addresses;
    for (const std::string& text : targets)
      if (auto address = target("aliases." + name, text)) addresses.push_back(std::move(*address));
    if (!domain_.aliases.emplace(ascii_lower(name), std::move(addresses)).second)
      complaints_.add(key("aliases." + name), "named twice (case does not matter)");
  }

  std::optional<smtp::Address> target(const std::string& where, const std::string& text) {
    auto address =
        text.contains('@') ? smtp::Address::parse(text) : smtp::Address::make(text, domain_.domain);
    if (address) return std::move(*address);
    complaints_.add(key(where), printable(text) + ": " + address.error().text());
    return std::nullopt;
  }

  const DomainConfig& config_;
  LocalDomain& domain_;
  Complaints& complaints_;
};

void add_domains(const RouteConfig& config, Router::Tables& tables, Complaints& complaints) {
  for (const DomainConfig& entry : config.domains) {
    auto domain = smtp::Domain::parse(entry.name);
    if (!domain) {
      complaints.add("domain " + printable(entry.name), domain.error().text());
      continue;
    }
    if (!tables.primary) tables.primary = *domain;
    const std::string name(domain->ascii());
    const auto [place, is_new] = tables.domains.emplace(name, LocalDomain(std::move(*domain)));
    if (!is_new)
      complaints.add("domain " + name, "named twice");
    else
      DomainMaker(entry, place->second, complaints).make();
  }
}

constexpr std::uint16_t kSubmissionsPort = 465;

HopSecurity security_of(const HopConfig& hop, const RouteConfig& config) {
  return {.tls = hop.tls.value_or(hop.user.empty() ? config.tls : TlsUse::verify),
          .user = hop.user,
          .password = hop.password};
}

/// A next hop with what it is trusted with; two ways to trust the same host are an error.
Result<StaticNextHop> secured_next_hop(std::string_view text, const HopConfig& hop,
                                       const RouteConfig& config, Router::Tables& tables) {
  auto next_hop = parse_next_hop(text);
  if (!next_hop) return next_hop;
  HopSecurity security = security_of(hop, config);
  if (auto* mx = std::get_if<UseMx>(&*next_hop)) {
    if (!hop.user.empty())
      return fail(Fault::malformed, "a user is for a host of yours: MX hosts want no password");
    mx->security = std::move(security);
    return next_hop;
  }
  const auto* host = std::get_if<SmtpHost>(&*next_hop);
  if (host == nullptr) return next_hop;
  security.at_once = host->port == kSubmissionsPort && security.tls != TlsUse::none;
  if (!security.user.empty() && security.tls < TlsUse::require)
    return fail(Fault::malformed,
                "a password goes out only under TLS: tls must be \"verify\" or \"require\"");
  const auto [known, is_new] = tables.hosts.emplace(destination_name(*host), security);
  if (!is_new && known->second != security)
    return fail(Fault::malformed,
                destination_name(*host) + " has another tls, user or password in another place");
  return next_hop;
}

void add_routes(const RouteConfig& config, Router::Tables& tables, Complaints& complaints) {
  for (const std::string& domain : config.relay_domains)
    if (const auto added = tables.relay_domains.add(domain, true); !added)
      complaints.add("relay.domains", printable(domain) + ": " + added.error().text());
  for (const StaticRoute& route : config.routes) {
    const std::string key = "route " + printable(route.domain);
    auto next_hop = secured_next_hop(route.to, route.hop, config, tables);
    if (!next_hop) {
      complaints.add(key, next_hop.error().text());
      continue;
    }
    if (const auto added = tables.routes.add(route.domain, std::move(*next_hop)); !added)
      complaints.add(key, added.error().text());
  }
  tables.usual.tls = config.tls;
  if (config.smart_host.empty()) return;
  auto next_hop = secured_next_hop(config.smart_host, config.smart_host_hop, config, tables);
  if (next_hop)
    tables.smart_host = std::move(*next_hop);
  else
    complaints.add("relay.smart_host", next_hop.error().text());
}

void set_postmaster(const RouteConfig& config, Router::Tables& tables, Complaints& complaints) {
  const auto own = smtp::Domain::parse(config.hostname);
  if (!own) return complaints.add("hostname", own.error().text());
  const auto address = smtp::Address::make("postmaster", tables.primary ? *tables.primary : *own);
  if (address) tables.postmaster = *address;
}

/// Complains when `target` of `entry` leads round in a circle or to nobody: better now than to a
/// sender.
void try_target(const DomainConfig& entry, const std::string& key, const std::string& target,
                const Router& router, Complaints& complaints) {
  const std::string path = "domain " + entry.name + ": " + key;
  const auto address =
      smtp::Address::parse(target.contains('@') ? target : target + "@" + entry.name);
  if (!address) return complaints.add(path, address.error().text());
  if (const auto expanded = router.expand(*address); !expanded)
    complaints.add(path, expanded.error().text());
}

void try_targets(const RouteConfig& config, const Router& router, Complaints& complaints) {
  for (const DomainConfig& entry : config.domains) {
    for (const auto& [name, targets] : entry.aliases)
      try_target(entry, "aliases." + name, name, router, complaints);
    if (!entry.catch_all.empty())
      try_target(entry, "catch_all", entry.catch_all, router, complaints);
  }
}

}  // namespace

std::string_view LocalDomain::base_of(std::string_view local_part) const {
  const auto end = local_part.find_first_of(separators);
  // A separator in front parts nothing: "+tag" is a name of its own.
  return end == 0 ? local_part : local_part.substr(0, end);
}

const std::vector<smtp::Address>* LocalDomain::find_alias(std::string_view local_part) const {
  const std::string whole = ascii_lower(local_part);
  auto found = aliases.find(whole);
  if (found == aliases.end() && !mailboxes.contains(whole)) found = aliases.find(base_of(whole));
  return found == aliases.end() ? nullptr : &found->second;
}

std::optional<std::string> LocalDomain::find_mailbox(std::string_view local_part) const {
  const std::string whole = ascii_lower(local_part);
  auto found = mailboxes.find(whole);
  if (found == mailboxes.end()) found = mailboxes.find(base_of(whole));
  if (found == mailboxes.end()) return std::nullopt;
  return *found;
}

std::uint64_t LocalDomain::quota_of(std::string_view mailbox) const {
  const auto found = quotas.find(mailbox);
  return found == quotas.end() ? 0 : found->second;
}

const LocalDomain* Router::Tables::find_local(const smtp::Address& address) const {
  std::string_view name = address.host_text();
  if (const smtp::AddressLiteral* literal = address.literal()) {
    const bool is_ours =
        literal->ip() && std::ranges::find(own_addresses, *literal->ip()) != own_addresses.end();
    if (!is_ours || !primary) return nullptr;
    name = primary->ascii();
  }
  const auto found = domains.find(name);
  return found == domains.end() ? nullptr : &found->second;
}

Result<Router> Router::make(const RouteConfig& config) {
  Complaints complaints;
  auto tables = std::make_unique<Tables>();
  tables->own_addresses = config.own_addresses;
  tables->expansions_max = config.expansions_max;
  tables->alias_depth_max = config.alias_depth_max;
  add_domains(config, *tables, complaints);
  add_routes(config, *tables, complaints);
  set_postmaster(config, *tables, complaints);
  if (!complaints.empty()) return fail(complaints.error());

  Router router(std::move(tables));
  try_targets(config, router, complaints);
  if (!complaints.empty()) return fail(complaints.error());
  return router;
}

}  // namespace veredus::route
