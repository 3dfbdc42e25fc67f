#include "mail/route/router.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "mail/route/tables.h"

namespace veredus::route {
namespace {

/// Follows aliases from one recipient, breadth first.
class Expansion {
 public:
  explicit Expansion(const Router::Tables& tables) : tables_(tables) {}

  Result<std::vector<smtp::Address>> run(const smtp::Address& address) {
    std::vector<smtp::Address> wave{address};
    for (std::size_t depth = 0; !wave.empty(); ++depth) {
      if (depth > tables_.alias_depth_max)
        return fail(Fault::overloaded, "aliases of <" + address.text() + "> go deeper than " +
                                           std::to_string(tables_.alias_depth_max));
      std::vector<smtp::Address> next;
      for (const smtp::Address& one : wave)
        if (auto stepped = step(one, next); !stepped) return fail(stepped.error());
      if (found_.size() + next.size() > tables_.expansions_max)
        return fail(Fault::overloaded, "<" + address.text() + "> stands for more than " +
                                           std::to_string(tables_.expansions_max) + " addresses");
      wave = std::move(next);
    }
    return std::move(found_);
  }

 private:
  Result<> step(const smtp::Address& address, std::vector<smtp::Address>& next) {
    const LocalDomain* domain = tables_.find_local(address);
    if (domain == nullptr) return keep(address);
    const smtp::Address here = in_domain(address, *domain);

    const auto* alias = domain->find_alias(here.local_part());
    // An alias met again stands for the mailbox of its own name, if there is one.
    const bool is_first_time = aliases_.insert(ascii_lower(here.text())).second;
    if (alias != nullptr && is_first_time) {
      next.insert(next.end(), alias->begin(), alias->end());
      return {};
    }
    if (domain->takes_all() || domain->find_mailbox(here.local_part())) return keep(here);
    if (alias != nullptr)
      return fail(Fault::refused, "alias <" + here.text() + "> leads back to itself");
    return fall_back(here, *domain, next);
  }

  Result<> fall_back(const smtp::Address& address, const LocalDomain& domain,
                     std::vector<smtp::Address>& next) {
    if (domain.catch_all && *domain.catch_all != address) {
      next.push_back(*domain.catch_all);
      return {};
    }
    if (address.is_postmaster()) return to_first_reader(address, domain, next);
    return fail(Fault::refused, "No such mailbox here: <" + address.text() + ">");
  }

  /// RFC 5321 §4.5.1: postmaster is always there; without a mailbox of that name somebody of the
  /// domain reads it, and where nobody lives yet the postmaster of the first domain.
  Result<> to_first_reader(const smtp::Address& address, const LocalDomain& domain,
                           std::vector<smtp::Address>& next) {
    if (domain.mailboxes.empty() && domain.aliases.empty()) {
      if (address == *tables_.postmaster)
        return fail(Fault::refused, "Nobody reads mail for <" + address.text() + "> yet");
      next.push_back(*tables_.postmaster);
      return {};
    }
    const std::string reader =
        domain.mailboxes.empty() ? domain.aliases.begin()->first : *domain.mailboxes.begin();
    auto rewritten = smtp::Address::make(reader, domain.domain);
    if (!rewritten) return fail(Fault::refused, "Nobody reads mail for <" + address.text() + ">");
    next.push_back(std::move(*rewritten));
    return {};
  }

  static smtp::Address in_domain(const smtp::Address& address, const LocalDomain& domain) {
    if (address.domain() != nullptr) return address;
    return smtp::Address::make(address.local_part(), domain.domain).value_or(address);
  }

  Result<> keep(const smtp::Address& address) {
    if (std::ranges::find(found_, address) == found_.end()) found_.push_back(address);
    return {};
  }

  const Router::Tables& tables_;
  std::vector<smtp::Address> found_;
  std::set<std::string> aliases_;
};

struct StaticChoice {
  const smtp::Address& address;
  NextHop operator()(const UseMx&) const { return MxDomain{std::string(address.host_text())}; }
  NextHop operator()(const SmtpHost& host) const { return host; }
  NextHop operator()(const Lmtp& lmtp) const { return lmtp; }
};

}  // namespace

Router::Router(std::unique_ptr<const Tables> tables) : tables_(std::move(tables)) {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

bool Router::is_local(const smtp::Address& address) const {
  return tables_->find_local(address) != nullptr;
}

bool Router::is_relay_domain(const smtp::Address& address) const {
  return address.domain() != nullptr &&
         tables_->relay_domains.find(address.domain()->ascii()) != nullptr;
}

Result<std::vector<smtp::Address>> Router::expand(const smtp::Address& address) const {
  return Expansion(*tables_).run(address);
}

HopSecurity Router::security(const NextHop& next_hop) const {
  if (const auto* mx = std::get_if<MxDomain>(&next_hop)) {
    const StaticNextHop* route = tables_->routes.find(mx->domain);
    const auto* use_mx = route == nullptr ? nullptr : std::get_if<UseMx>(route);
    return use_mx == nullptr ? tables_->usual : use_mx->security;
  }
  if (std::holds_alternative<SmtpHost>(next_hop)) {
    const auto known = tables_->hosts.find(destination_name(next_hop));
    return known == tables_->hosts.end() ? tables_->usual : known->second;
  }
  return {.tls = TlsUse::none};
}

bool Router::reaches(const smtp::Address& address, const smtp::Address& mailbox) const {
  const auto is_it = [&](const smtp::Address& target) {
    if (target == mailbox) return true;
    const LocalDomain* domain = tables_->find_local(target);
    return domain != nullptr && domain == tables_->find_local(mailbox) &&
           iequals(domain->base_of(target.local_part()), mailbox.local_part());
  };
  const auto targets = expand(address);
  return targets && std::ranges::any_of(*targets, is_it);
}

const smtp::Address& Router::postmaster() const { return *tables_->postmaster; }

Result<NextHop> Router::next_hop(const smtp::Address& address) const {
  if (const LocalDomain* domain = tables_->find_local(address)) {
    if (domain->lmtp) return *domain->lmtp;
    const auto mailbox = domain->find_mailbox(address.local_part());
    if (!mailbox) return fail(Fault::refused, "No such mailbox here: <" + address.text() + ">");
    return LocalMailbox{std::string(domain->domain.ascii()) + "/" + *mailbox,
                        domain->quota_of(*mailbox)};
  }
  const StaticChoice choose{address};
  if (address.domain() != nullptr)
    if (const StaticNextHop* route = tables_->routes.find(address.domain()->ascii()))
      return std::visit(choose, *route);
  if (tables_->smart_host) return std::visit(choose, *tables_->smart_host);
  return choose(UseMx{});
}

}  // namespace veredus::route
