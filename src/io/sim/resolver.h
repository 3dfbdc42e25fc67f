// DNS as a table: what the name servers of the simulated world say, and how they fail.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "io/resolver.h"
#include "io/sim/faults.h"
#include "io/sim/random.h"
#include "wire/dns/records.h"

namespace veredus::sim {

class Host;

enum class DnsFailure : std::uint8_t {
  servfail,
  timeout,   ///< unavailable after 10 s of virtual time.
  nxdomain,  ///< Says that an existing name does not exist.
};

/// The records of all zones. Names in any case, without trailing dot. A name, address or record
/// that the DNS could not hold is a mistake in the test and aborts.
class DnsTable {
 public:
  DnsTable(std::uint64_t seed, DnsFaults faults) : random_(seed), faults_(faults) {}

  void mx(std::string_view name, std::uint16_t preference, std::string_view exchange);
  /// A or AAAA, by the kind of address.
  void address(std::string_view name, std::string_view address);
  void txt(std::string_view name, std::string_view text);
  void cname(std::string_view name, std::string_view target);
  /// The PTR record of an address.
  void ptr(std::string_view address, std::string_view name);
  void srv(std::string_view name, const dns::Srv& record);
  void tlsa(std::string_view name, const dns::Tlsa& record);
  /// Any record, as RDATA.
  void add(std::string_view name, dns::Type type, std::string rdata);
  /// Removes all records of one type.
  void remove(std::string_view name, dns::Type type);
  /// From now on answers at and below `zone` are DNSSEC validated.
  void sign(std::string_view zone);

  /// The next `times` look-ups of `name` fail so.
  void fail(std::string_view name, DnsFailure failure, std::uint64_t times = UINT64_MAX);
  /// Ends what fail() began.
  void heal(std::string_view name);
  void set_faults(DnsFaults faults) noexcept { faults_ = faults; }
  /// How often anything was looked up.
  std::uint64_t lookups() const noexcept { return lookups_; }

 private:
  friend class SimResolver;
  struct Failing {
    DnsFailure failure;
    std::uint64_t times;
  };
  using Records = std::map<dns::Type, std::vector<std::string>>;

  Result<dns::Answer> answer(const std::string& name, dns::Type type) const;
  std::optional<DnsFailure> failure(const std::string& name);
  bool exists(const std::string& name) const;
  bool is_signed(std::string_view name) const;

  SeededRandom random_;
  DnsFaults faults_;
  std::map<std::string, Records> names_;
  std::set<std::string> signed_;
  std::map<std::string, Failing> failing_;
  std::uint64_t lookups_ = 0;
};

/// A host's view of the table.
class SimResolver final : public io::Resolver {
 public:
  SimResolver(Host& host, DnsTable& table) : host_(host), table_(table) {}
  io::Task<Result<dns::Answer>> lookup(std::string name, dns::Type type) override;

 private:
  Host& host_;
  DnsTable& table_;
};

}  // namespace veredus::sim
