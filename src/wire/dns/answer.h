// What a DNS resolver says: one answer for one name and type, records still as wire octets.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace veredus::dns {

/// The record types a mail server asks for; the values are IANA's.
enum class Type : std::uint16_t {
  a = 1,
  ns = 2,
  cname = 5,
  soa = 6,
  ptr = 12,
  mx = 15,
  txt = 16,
  aaaa = 28,
  srv = 33,
  tlsa = 52,
};

/// "A", "MX", ...; "TYPE99" for a number that is none of the above (RFC 3597 §5).
std::string type_name(Type type);
/// The type with this name, whatever its case; nothing for one we do not ask for.
std::optional<Type> parse_type(std::string_view name);

/// A definite answer. That the name servers could not be asked, or lied (bogus DNSSEC), is not
/// an answer: resolvers report it as Fault::unavailable.
struct Answer {
  enum class Status : std::uint8_t {
    found,      ///< `rdata` holds at least one record.
    no_data,    ///< The name exists, but has no record of this type (RFC 2308 §2.2).
    no_domain,  ///< The name does not exist (NXDOMAIN, RFC 2308 §2.1).
  };

  Status status = Status::no_data;
  Type type = Type::a;             ///< What was asked for.
  bool secure = false;             ///< DNSSEC validated it, denial of existence included.
  std::string canonical_name;      ///< Where CNAMEs led; lower-case text, no trailing dot.
  std::vector<std::string> rdata;  ///< Raw RDATA of each record, names uncompressed.
  std::chrono::seconds ttl{0};     ///< How long it may be kept.
};

/// "found", "no data", "no such domain".
std::string_view status_text(Answer::Status status) noexcept;

}  // namespace veredus::dns
