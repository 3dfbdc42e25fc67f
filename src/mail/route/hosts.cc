#include "mail/route/hosts.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "base/text.h"
#include "wire/dns/records.h"

namespace veredus::route {
namespace {

/// A host's name with its rank in the MX list.
struct Candidate {
  std::string name;
  std::uint16_t preference = 0;
  std::uint64_t lot = 0;  ///< Drawn at random: decides among equal preferences.
};

struct Addresses {
  std::vector<IpAddress> list;  ///< IPv6 and IPv4 alternating.
  bool secure = true;
};

/// IPv6 first, then turn about, so that a host that is broken on one of them costs one try.
std::vector<IpAddress> alternate(const std::vector<IpAddress>& six,
                                 const std::vector<IpAddress>& four) {
  std::vector<IpAddress> all;
  for (std::size_t i = 0; i < std::max(six.size(), four.size()); ++i) {
    if (i < six.size()) all.push_back(six[i]);
    if (i < four.size()) all.push_back(four[i]);
  }
  return all;
}

/// The addresses in the answer to an A or AAAA question. Errors: unavailable; malformed (the name
/// that was asked for could not be in the DNS).
Result<std::vector<IpAddress>> read_addresses(const Result<dns::Answer>& answer) {
  if (!answer) return fail(answer.error());
  auto addresses =
      answer->type == dns::Type::aaaa ? dns::aaaa_records(*answer) : dns::a_records(*answer);
  if (!addresses) return fail(Fault::unavailable, addresses.error().text());
  return addresses;
}

io::Task<Result<Addresses>> addresses_of(std::string name, const HostSearch& search,
                                         io::Resolver& resolver) {
  Result<std::vector<IpAddress>> six;
  bool secure = true;
  if (search.ipv6) {
    const auto answer = co_await resolver.lookup(name, dns::Type::aaaa);
    six = read_addresses(answer);
    if (answer) secure = answer->secure;
  }
  const auto answer = co_await resolver.lookup(name, dns::Type::a);
  const auto four = read_addresses(answer);
  if (answer) secure = secure && answer->secure;

  // Some name servers fail on one kind and are fine on the other: addresses that were found do.
  // Without any, a failure is no proof that there are none.
  const bool found = (six && !six->empty()) || (four && !four->empty());
  if (!found && !six) co_return fail(six.error());
  if (!found && !four) co_return fail(four.error());
  const std::vector<IpAddress> none;
  co_return Addresses{alternate(six.value_or(none), four.value_or(none)), secure};
}

Hosts only(Host host) {
  Hosts hosts;
  hosts.list.push_back(std::move(host));
  return hosts;
}

/// One host by name or address, for static routes.
io::Task<Result<Hosts>> find_named(SmtpHost host, const HostSearch& search,
                                   io::Resolver& resolver) {
  if (const auto address = IpAddress::parse(host.name))
    co_return only(Host{host.name, *address, host.port, false});
  const auto addresses = co_await addresses_of(host.name, search, resolver);
  // Somebody typed that name into our configuration: a mistake there must not bounce all mail.
  if (!addresses) co_return fail(Fault::unavailable, "4.4.3 " + addresses.error().text());
  if (addresses->list.empty())
    co_return fail(Fault::unavailable,
                   "4.4.4 Host " + host.name + " of the configured route has no address");
  Hosts hosts;
  for (const IpAddress& address : addresses->list)
    hosts.list.push_back(Host{host.name, address, host.port, addresses->secure});
  co_return hosts;
}

/// The MX list in the order to try it (RFC 5321 §5.1); equals in random order.
std::vector<Candidate> ranked(const std::vector<dns::Mx>& records, io::Random& random) {
  std::vector<Candidate> candidates;
  for (const dns::Mx& mx : records)
    if (!mx.exchange.empty())
      candidates.push_back(Candidate{mx.exchange, mx.preference, random.next()});
  std::ranges::sort(candidates, {},
                    [](const Candidate& c) { return std::pair(c.preference, c.lot); });
  return candidates;
}

/// What an answer to an MX question makes of the domain: hosts to resolve, or a refusal.
Result<std::vector<Candidate>> candidates_of(const std::string& domain, const dns::Answer& answer,
                                             io::Random& random) {
  if (answer.status == dns::Answer::Status::no_domain)
    return fail(Fault::refused, "5.1.2 Domain " + domain + " does not exist");
  if (answer.status == dns::Answer::Status::no_data)
    return std::vector<Candidate>{Candidate{domain, 0, 0}};  // The implicit MX.
  const auto records = dns::mx_records(answer);
  if (!records)
    return fail(Fault::unavailable,
                "4.4.3 Bad MX records of " + domain + ": " + records.error().text());
  if (dns::is_null_mx(*records))
    return fail(Fault::refused, "5.1.10 Domain " + domain + " accepts no mail (null MX, RFC 7505)");
  auto candidates = ranked(*records, random);
  if (candidates.empty())
    return fail(Fault::refused, "5.4.4 No MX record of " + domain + " names a host");
  return candidates;
}

/// Resolves candidates until there are enough addresses, and cuts the list where we stand in it:
/// hosts no better than ourselves would only send the mail back (RFC 5321 §5.1).
class Collector {
 public:
  Collector(std::string domain, const HostSearch& search, bool secure)
      : domain_(std::move(domain)), search_(search), secure_(secure) {}

  io::Task<Result<Hosts>> collect(std::vector<Candidate> candidates, io::Resolver& resolver) {
    const auto own = std::ranges::find_if(
        candidates, [&](const Candidate& c) { return iequals(c.name, search_.own_name); });
    if (own != candidates.end()) own_preference_ = own->preference;
    // A zone with a thousand MX records would keep us busy for long.
    if (candidates.size() > search_.hosts_max) candidates.resize(search_.hosts_max);
    for (const Candidate& candidate : candidates) {
      if (candidate.preference >= own_preference_ || hosts_.size() >= search_.hosts_max) break;
      const auto addresses = co_await addresses_of(candidate.name, search_, resolver);
      take(candidate, addresses);
    }
    co_return conclude();
  }

 private:
  void take(const Candidate& candidate, const Result<Addresses>& addresses) {
    if (!addresses) {
      // A name that cannot be in the DNS is as good as one without an address.
      const bool may_come_back = addresses.error().fault() != Fault::malformed;
      if (may_come_back && !temporary_) {
        temporary_ = Unresolved{candidate.name, "4.4.3 " + addresses.error().text()};
        temporary_preference_ = candidate.preference;
      }
      return;
    }
    for (const IpAddress& address : addresses->list) {
      if (is_ours(address)) return meet_ourselves(candidate.preference);
      if (hosts_.size() < search_.hosts_max) {
        hosts_.push_back(
            Host{candidate.name, address, search_.mx_port, secure_ && addresses->secure});
        preferences_.push_back(candidate.preference);
      }
    }
  }

  bool is_ours(const IpAddress& address) const {
    const auto& ours = search_.own_endpoints;
    return std::ranges::find(ours, io::Endpoint(address, search_.mx_port)) != ours.end();
  }

  void meet_ourselves(std::uint16_t preference) {
    own_preference_ = preference;
    if (temporary_preference_ >= preference) temporary_.reset();
    while (!preferences_.empty() && preferences_.back() >= preference) {
      preferences_.pop_back();
      hosts_.pop_back();
    }
  }

  Result<Hosts> conclude() {
    if (!hosts_.empty()) return Hosts{std::move(hosts_), std::move(temporary_)};
    if (temporary_) return fail(Fault::unavailable, temporary_->why);
    if (own_preference_ != kNobody)
      return fail(Fault::refused, "5.4.6 Mail for " + domain_ +
                                      " loops back to us: we are its best MX, "
                                      "but it is not one of our domains");
    return fail(Fault::refused, "5.4.4 No mail host of " + domain_ + " has an " +
                                    (search_.ipv6 ? "address" : "IPv4 address, and IPv6 is off"));
  }

  static constexpr std::uint32_t kNobody = std::numeric_limits<std::uint32_t>::max();

  std::string domain_;
  const HostSearch& search_;
  bool secure_;
  std::uint32_t own_preference_ = kNobody;
  std::vector<Host> hosts_;
  std::vector<std::uint16_t> preferences_;  // As many as hosts_.
  std::optional<Unresolved> temporary_;     // The best host that failed so.
  std::uint16_t temporary_preference_ = 0;
};

io::Task<Result<Hosts>> find_mx(MxDomain mx, const HostSearch& search, io::Resolver& resolver,
                                io::Random& random) {
  if (mx.domain.starts_with('[')) {
    const auto literal = smtp::AddressLiteral::parse(mx.domain);
    if (!literal || !literal->ip())
      co_return fail(Fault::refused, "5.1.2 No way to deliver to " + printable(mx.domain));
    co_return only(Host{mx.domain, *literal->ip(), search.mx_port, false});
  }
  const auto answer = co_await resolver.lookup(mx.domain, dns::Type::mx);
  if (!answer && answer.error().fault() == Fault::malformed)
    co_return fail(Fault::refused, "5.1.2 " + answer.error().text());
  if (!answer) co_return fail(Fault::unavailable, "4.4.3 " + answer.error().text());
  auto candidates = candidates_of(mx.domain, *answer, random);
  if (!candidates) co_return fail(candidates.error());
  Collector collector(mx.domain, search, answer->secure);
  auto hosts = co_await collector.collect(std::move(*candidates), resolver);
  co_return hosts;
}

}  // namespace

io::Task<Result<Hosts>> find_hosts(NextHop next_hop, const HostSearch& search,
                                   io::Resolver& resolver, io::Random& random) {
  if (const auto* host = std::get_if<SmtpHost>(&next_hop)) {
    auto hosts = co_await find_named(*host, search, resolver);
    co_return hosts;
  }
  if (const auto* mx = std::get_if<MxDomain>(&next_hop)) {
    auto hosts = co_await find_mx(*mx, search, resolver, random);
    co_return hosts;
  }
  co_return fail(Fault::malformed, "5.3.5 This next hop has no hosts to look up");
}

}  // namespace veredus::route
