#include "main/assembly/residents.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "base/text.h"

namespace veredus {
namespace {

class Residents {
 public:
  explicit Residents(std::vector<route::DomainConfig>& domains) : domains_(domains) {
    for (std::size_t i = 0; i < domains.size(); ++i) index_[ascii_lower(domains[i].name)] = i;
  }

  void add_domain(const std::string& name) {
    if (!index_.try_emplace(name, domains_.size()).second) return;
    domains_.emplace_back().name = name;
  }
  void add_mailbox(const directory::Account& account) {
    route::DomainConfig* domain = domain_of(account.address);
    if (domain == nullptr || !domain->deliver.empty()) return;
    std::string local = account.address.substr(0, account.address.rfind('@'));
    if (account.quota_bytes != 0) domain->quotas[local] = account.quota_bytes;
    const auto same = [&](const std::string& other) { return ascii_lower(other) == local; };
    if (std::ranges::any_of(domain->mailboxes, same)) return;
    domain->mailboxes.push_back(std::move(local));
  }
  void add_alias(const std::string& address, const std::vector<std::string>& targets) {
    route::DomainConfig* domain = domain_of(address);
    if (domain == nullptr) return;
    domain->aliases.try_emplace(address.substr(0, address.rfind('@')), targets);
  }

  /// Behind the first `configured`: a domain in which nobody lives yet takes no mail.
  void leave_out_empty(std::size_t configured) {
    const auto added = domains_.begin() + static_cast<std::ptrdiff_t>(configured);
    const auto is_empty = [](const route::DomainConfig& domain) {
      return domain.mailboxes.empty() && domain.aliases.empty();
    };
    domains_.erase(std::remove_if(added, domains_.end(), is_empty), domains_.end());
  }

 private:
  route::DomainConfig* domain_of(const std::string& address) {
    const auto found = index_.find(address.substr(address.rfind('@') + 1));
    return found == index_.end() ? nullptr : &domains_[found->second];
  }

  std::vector<route::DomainConfig>& domains_;
  std::unordered_map<std::string, std::size_t> index_;
};

}  // namespace

bool is_configured(const route::RouteConfig& config, const std::string& domain) {
  const auto is_it = [&](const route::DomainConfig& ours) {
    return ascii_lower(ours.name) == domain;
  };
  return std::ranges::any_of(config.domains, is_it);
}

route::RouteConfig with_residents(route::RouteConfig config, const directory::Kept& kept,
                                  const directory::Accounts& declared) {
  const std::size_t configured = config.domains.size();
  Residents residents(config.domains);
  for (const auto& [name, domain] : kept.domains) residents.add_domain(name);
  for (const auto& [address, account] : kept.accounts) residents.add_mailbox(*account);
  for (const auto& [address, account] : declared) residents.add_mailbox(account);
  for (const auto& [address, alias] : kept.aliases) residents.add_alias(address, alias.targets);
  residents.leave_out_empty(configured);
  return config;
}

}  // namespace veredus
