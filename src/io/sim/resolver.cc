#include "io/sim/resolver.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/text.h"
#include "io/sim/host.h"
#include "io/sim/world.h"
#include "wire/dns/name.h"

namespace veredus::sim {
namespace {

constexpr int kAliasesMax = 8;
constexpr std::chrono::seconds kTimeToLive{300};
constexpr std::chrono::seconds kTimeout{10};

/// The value, or the end of a test that asks for the impossible.
template <class T>
T valid(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "DnsTable: %s\n", result.error().text().c_str());
  std::abort();
}

std::unexpected<Error> dns_failed(std::string_view how, const std::string& name, dns::Type type) {
  return fail(Fault::unavailable,
              std::string(how) + " when asking for " + dns::type_name(type) + " of " + name);
}

}  // namespace

void DnsTable::add(std::string_view name, dns::Type type, std::string rdata) {
  valid(dns::encode_name(name));
  names_[ascii_lower(name)][type].push_back(std::move(rdata));
}

void DnsTable::mx(std::string_view name, std::uint16_t preference, std::string_view exchange) {
  const std::string_view host = exchange == "." ? "" : exchange;
  add(name, dns::Type::mx, valid(dns::encode_mx({preference, std::string(host)})));
}

void DnsTable::address(std::string_view name, std::string_view address) {
  const IpAddress parsed = valid(IpAddress::parse(address));
  add(name, parsed.is_v4() ? dns::Type::a : dns::Type::aaaa, dns::encode_address(parsed));
}

void DnsTable::txt(std::string_view name, std::string_view text) {
  add(name, dns::Type::txt, dns::encode_txt(text));
}

void DnsTable::cname(std::string_view name, std::string_view target) {
  add(name, dns::Type::cname, valid(dns::encode_name(target)));
}

void DnsTable::ptr(std::string_view address, std::string_view name) {
  add(valid(IpAddress::parse(address)).reverse_name(), dns::Type::ptr,
      valid(dns::encode_name(name)));
}

void DnsTable::srv(std::string_view name, const dns::Srv& record) {
  add(name, dns::Type::srv, valid(dns::encode_srv(record)));
}

void DnsTable::tlsa(std::string_view name, const dns::Tlsa& record) {
  add(name, dns::Type::tlsa, dns::encode_tlsa(record));
}

void DnsTable::remove(std::string_view name, dns::Type type) {
  const auto found = names_.find(ascii_lower(name));
  if (found != names_.end()) found->second.erase(type);
}

void DnsTable::sign(std::string_view zone) { signed_.insert(ascii_lower(zone)); }

void DnsTable::fail(std::string_view name, DnsFailure failure, std::uint64_t times) {
  failing_[ascii_lower(name)] = Failing{failure, times};
}

void DnsTable::heal(std::string_view name) { failing_.erase(ascii_lower(name)); }

/// What goes wrong with this look-up; counts it.
std::optional<DnsFailure> DnsTable::failure(const std::string& name) {
  ++lookups_;
  const bool servfail = random_.chance(faults_.servfail);
  const bool timeout = random_.chance(faults_.timeout);
  const bool nxdomain = random_.chance(faults_.nxdomain);
  if (const auto failing = failing_.find(name); failing != failing_.end()) {
    const DnsFailure how = failing->second.failure;
    if (--failing->second.times == 0) failing_.erase(failing);
    return how;
  }
  if (servfail) return DnsFailure::servfail;
  if (timeout) return DnsFailure::timeout;
  if (nxdomain) return DnsFailure::nxdomain;
  return std::nullopt;
}

/// A name exists also when only names below it have records (RFC 8020).
bool DnsTable::exists(const std::string& name) const {
  if (names_.contains(name)) return true;
  const std::string below = "." + name;
  return std::ranges::any_of(names_,
                             [&](const auto& entry) { return entry.first.ends_with(below); });
}

bool DnsTable::is_signed(std::string_view name) const {
  return std::ranges::any_of(signed_, [&](const std::string& zone) {
    return zone.empty() || name == zone || name.ends_with("." + zone);
  });
}

Result<dns::Answer> DnsTable::answer(const std::string& name, dns::Type type) const {
  dns::Answer answer;
  answer.type = type;
  answer.ttl = kTimeToLive;
  answer.canonical_name = name;
  answer.secure = is_signed(name);
  for (int aliases = 0; aliases <= kAliasesMax; ++aliases) {
    const auto owner = names_.find(answer.canonical_name);
    if (owner == names_.end()) {
      answer.status = exists(answer.canonical_name) ? dns::Answer::Status::no_data
                                                    : dns::Answer::Status::no_domain;
      return answer;
    }
    if (const auto records = owner->second.find(type); records != owner->second.end()) {
      answer.status = dns::Answer::Status::found;
      answer.rdata = records->second;
      return answer;
    }
    const auto alias = owner->second.find(dns::Type::cname);
    if (alias == owner->second.end()) return answer;  // no data
    answer.canonical_name = valid(dns::decode_name(alias->second.front())).text;
    answer.secure = answer.secure && is_signed(answer.canonical_name);
  }
  return dns_failed("too many aliases", name, type);
}

io::Task<Result<dns::Answer>> SimResolver::lookup(std::string name, dns::Type type) {
  name = ascii_lower(name);
  if (auto wire = dns::encode_name(name); !wire) co_return fail(wire.error());
  if (name.ends_with('.')) name.pop_back();
  const std::optional<DnsFailure> failure = table_.failure(name);
  const Duration latency = table_.random_.between(Duration::zero(), table_.faults_.latency_max);
  co_await host_.sleep(failure == DnsFailure::timeout ? Duration(kTimeout) : latency);
  host_.world().time().note("dns", static_cast<std::uint64_t>(type));
  if (failure == DnsFailure::servfail) co_return dns_failed("SERVFAIL", name, type);
  if (failure == DnsFailure::timeout) co_return dns_failed("no name server answered", name, type);
  if (failure == DnsFailure::nxdomain) {
    dns::Answer lie;
    lie.status = dns::Answer::Status::no_domain;
    lie.type = type;
    lie.canonical_name = name;
    lie.ttl = kTimeToLive;
    co_return lie;
  }
  co_return table_.answer(name, type);
}

}  // namespace veredus::sim
