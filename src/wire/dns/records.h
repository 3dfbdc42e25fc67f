// Typed records out of an answer's RDATA, and the RDATA of typed records.
//
// Each x_records() reads an Answer of its own type. An answer without records gives an empty list.
// Errors of all of them: malformed, when a record breaks its format or the answer is of another
// type; one bad record spoils the answer, since a name server that sends it cannot be trusted
// with the others.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "wire/dns/answer.h"

namespace veredus::dns {

/// RFC 1035 §3.3.9. Names are as decode_name() writes them.
struct Mx {
  std::uint16_t preference = 0;  ///< Lower is tried first.
  std::string exchange;          ///< "" is the root, ".".
  friend bool operator==(const Mx&, const Mx&) = default;
};

/// RFC 6698 §2.1.
struct Tlsa {
  std::uint8_t usage = 0;
  std::uint8_t selector = 0;
  std::uint8_t matching_type = 0;
  std::string association;  ///< Octets, not hexadecimal.
  friend bool operator==(const Tlsa&, const Tlsa&) = default;
};

/// RFC 2782.
struct Srv {
  std::uint16_t priority = 0;  ///< Lower is tried first.
  std::uint16_t weight = 0;    ///< Share among equal priorities.
  std::uint16_t port = 0;
  std::string target;  ///< "" means the service is decidedly not available.
  friend bool operator==(const Srv&, const Srv&) = default;
};

/// In the order of the answer: sorting by preference is the caller's (RFC 5321 §5.1).
[[nodiscard]] Result<std::vector<Mx>> mx_records(const Answer& answer);

/// The domain says that it takes no mail: exactly one MX, exchange "." (RFC 7505 §3). A "." among
/// other records is no null MX and to be skipped.
bool is_null_mx(const std::vector<Mx>& records) noexcept;

[[nodiscard]] Result<std::vector<IpAddress>> a_records(const Answer& answer);
[[nodiscard]] Result<std::vector<IpAddress>> aaaa_records(const Answer& answer);
/// Each record's character-strings joined without anything between (RFC 7208 §3.3).
[[nodiscard]] Result<std::vector<std::string>> txt_records(const Answer& answer);
[[nodiscard]] Result<std::vector<std::string>> ptr_records(const Answer& answer);
[[nodiscard]] Result<std::vector<std::string>> cname_records(const Answer& answer);
[[nodiscard]] Result<std::vector<std::string>> ns_records(const Answer& answer);
[[nodiscard]] Result<std::vector<Tlsa>> tlsa_records(const Answer& answer);
[[nodiscard]] Result<std::vector<Srv>> srv_records(const Answer& answer);

// The other way, for a simulated name server and for tests. Errors: malformed name.

[[nodiscard]] Result<std::string> encode_mx(const Mx& record);
[[nodiscard]] Result<std::string> encode_srv(const Srv& record);
std::string encode_tlsa(const Tlsa& record);
/// RDATA of A or AAAA, by the kind of address.
std::string encode_address(const IpAddress& address);
/// Character-strings of up to 255 octets each (RFC 1035 §3.3.14).
std::string encode_txt(std::string_view text);
// PTR, CNAME and NS are encode_name() of wire/dns/name.h.

}  // namespace veredus::dns
