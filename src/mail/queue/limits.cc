#include "mail/queue/limits.h"

#include <algorithm>

#include "base/ip.h"
#include "base/text.h"
#include "wire/smtp/address.h"

namespace veredus::queue {
namespace {

constexpr std::string_view kMx = "mx:";
constexpr std::string_view kSmtp = "smtp:";
constexpr std::string_view kLmtp = "lmtp:";
constexpr std::string_view kUnixSocket = "unix:";

/// As NamePatterns keeps it.
Result<std::string> parse_pattern(std::string_view text) {
  if (text == "*") return std::string();
  if (const auto address = IpAddress::parse(text)) return address->text();
  const bool is_suffix = text.starts_with("*.");
  const auto domain = smtp::Domain::parse(is_suffix ? text.substr(2) : text);
  if (!domain)
    return fail(Fault::malformed, "expected a domain, *.domain or *, not " + printable(text) +
                                      ": " + domain.error().text());
  return (is_suffix ? "." : "") + std::string(domain->ascii());
}

bool match_one(std::string_view pattern, std::string_view name) noexcept {
  if (pattern.empty()) return true;
  if (!pattern.starts_with('.')) return name == pattern;
  return name.size() > pattern.size() && name.ends_with(pattern);
}

/// Without port, and without the brackets of an IPv6 address.
std::string_view without_port(std::string_view endpoint) noexcept {
  if (endpoint.starts_with('[')) return endpoint.substr(1, endpoint.find(']') - 1);
  return endpoint.substr(0, endpoint.rfind(':'));
}

}  // namespace

NamePatterns::NamePatterns(const std::vector<std::string>& names) {
  for (const std::string& name : names)
    if (auto pattern = parse_pattern(name)) patterns_.push_back(std::move(*pattern));
}

Result<> NamePatterns::check(const std::vector<std::string>& names) {
  for (const std::string& name : names)
    if (const auto pattern = parse_pattern(name); !pattern) return fail(pattern.error());
  return {};
}

bool NamePatterns::match(std::string_view name) const noexcept {
  return std::ranges::any_of(patterns_,
                             [name](std::string_view pattern) { return match_one(pattern, name); });
}

LimitTable::LimitTable(const std::vector<Limit>& limits) {
  for (const Limit& limit : limits)
    limits_.emplace_back(NamePatterns(limit.domains), NamePatterns(limit.mx));
}

LimitTable::Finding LimitTable::find(std::string_view destination,
                                     const std::vector<std::string>* hosts) const {
  const std::string_view own = host_of(destination);
  if (own.empty()) return {};
  const bool has_mx = destination.starts_with(kMx);
  const auto match_hosts = [&](const NamePatterns& mx) {
    if (!has_mx) return mx.match(own);
    return hosts != nullptr &&
           std::ranges::any_of(*hosts, [&mx](const auto& host) { return mx.match(host); });
  };
  for (Index i = 0; i < limits_.size(); ++i) {
    if (limits_[i].domains.match(own) || match_hosts(limits_[i].mx)) return {.limit = i};
    if (has_mx && hosts == nullptr && !limits_[i].mx.empty())
      return {.limit = std::nullopt, .needs_hosts = true};
  }
  return {};
}

std::string_view host_of(std::string_view destination) noexcept {
  if (destination.starts_with(kMx)) return destination.substr(kMx.size());
  if (destination.starts_with(kSmtp)) return without_port(destination.substr(kSmtp.size()));
  if (!destination.starts_with(kLmtp)) return {};
  const std::string_view endpoint = destination.substr(kLmtp.size());
  return endpoint.starts_with(kUnixSocket) ? std::string_view() : without_port(endpoint);
}

}  // namespace veredus::queue
