#include "wire/dns/records.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/cursor.h"
#include "wire/dns/name.h"

namespace veredus::dns {
namespace {

constexpr std::size_t kStringOctetsMax = 255;

std::optional<std::uint8_t> take_u8(Cursor& in) {
  if (in.done()) return std::nullopt;
  return static_cast<std::uint8_t>(in.take(1).front());
}

std::optional<std::uint16_t> take_u16(Cursor& in) {
  const auto high = take_u8(in);
  const auto low = take_u8(in);
  if (!high || !low) return std::nullopt;
  return static_cast<std::uint16_t>(*high << 8 | *low);
}

void put_u16(std::uint16_t value, std::string& out) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value & 0xFF);
}

/// A name that ends where the record does.
Result<std::string> last_name(const Cursor& in) {
  Result<DecodedName> name = decode_name(in.rest());
  if (!name) return fail(std::move(name.error()));
  if (name->octets != in.rest().size())
    return fail(Fault::malformed, "octets behind the domain name of a DNS record");
  return std::move(name->text);
}

std::unexpected<Error> cut_short(Type type) {
  return fail(Fault::malformed, type_name(type) + " record cut short");
}

Result<Mx> read_mx(std::string_view rdata) {
  Cursor in(rdata);
  const auto preference = take_u16(in);
  if (!preference) return cut_short(Type::mx);
  Result<std::string> exchange = last_name(in);
  if (!exchange) return fail(std::move(exchange.error()));
  return Mx{*preference, std::move(*exchange)};
}

Result<Srv> read_srv(std::string_view rdata) {
  Cursor in(rdata);
  const auto priority = take_u16(in);
  const auto weight = take_u16(in);
  const auto port = take_u16(in);
  if (!priority || !weight || !port) return cut_short(Type::srv);
  Result<std::string> target = last_name(in);
  if (!target) return fail(std::move(target.error()));
  return Srv{*priority, *weight, *port, std::move(*target)};
}

Result<Tlsa> read_tlsa(std::string_view rdata) {
  Cursor in(rdata);
  const auto usage = take_u8(in);
  const auto selector = take_u8(in);
  const auto matching_type = take_u8(in);
  if (!usage || !selector || !matching_type || in.done()) return cut_short(Type::tlsa);
  return Tlsa{*usage, *selector, *matching_type, std::string(in.rest())};
}

template <std::size_t Octets>
Result<std::array<std::uint8_t, Octets>> read_octets(std::string_view rdata) {
  if (rdata.size() != Octets) return fail(Fault::malformed, "address record of wrong length");
  std::array<std::uint8_t, Octets> octets{};
  std::ranges::transform(rdata, octets.begin(),
                         [](char c) { return static_cast<std::uint8_t>(c); });
  return octets;
}

Result<IpAddress> read_a(std::string_view rdata) {
  auto octets = read_octets<4>(rdata);
  if (!octets) return fail(std::move(octets.error()));
  return IpAddress::v4(*octets);
}

Result<IpAddress> read_aaaa(std::string_view rdata) {
  auto octets = read_octets<16>(rdata);
  if (!octets) return fail(std::move(octets.error()));
  return IpAddress::v6(*octets);
}

Result<std::string> read_txt(std::string_view rdata) {
  std::string text;
  Cursor in(rdata);
  while (!in.done()) {
    const std::size_t octets = *take_u8(in);
    const std::string_view string = in.take(octets);
    if (string.size() < octets) return cut_short(Type::txt);
    text += string;
  }
  return text;
}

Result<std::string> read_name(std::string_view rdata) { return last_name(Cursor(rdata)); }

/// Applies `read` to every record of an answer that must be of `type`.
template <class Record>
Result<std::vector<Record>> read_all(const Answer& answer, Type type,
                                     Result<Record> (*read)(std::string_view)) {
  if (answer.type != type)
    return fail(Fault::malformed,
                "answer has " + type_name(answer.type) + " records instead of " + type_name(type));
  std::vector<Record> records;
  records.reserve(answer.rdata.size());
  for (const std::string& rdata : answer.rdata) {
    Result<Record> record = read(rdata);
    if (!record) return fail(std::move(record.error()));
    records.push_back(std::move(*record));
  }
  return records;
}

}  // namespace

Result<std::vector<Mx>> mx_records(const Answer& answer) {
  return read_all<Mx>(answer, Type::mx, read_mx);
}

bool is_null_mx(const std::vector<Mx>& records) noexcept {
  return records.size() == 1 && records.front().exchange.empty();
}

Result<std::vector<IpAddress>> a_records(const Answer& answer) {
  return read_all<IpAddress>(answer, Type::a, read_a);
}

Result<std::vector<IpAddress>> aaaa_records(const Answer& answer) {
  return read_all<IpAddress>(answer, Type::aaaa, read_aaaa);
}

Result<std::vector<std::string>> txt_records(const Answer& answer) {
  return read_all<std::string>(answer, Type::txt, read_txt);
}

Result<std::vector<std::string>> ptr_records(const Answer& answer) {
  return read_all<std::string>(answer, Type::ptr, read_name);
}

Result<std::vector<std::string>> cname_records(const Answer& answer) {
  return read_all<std::string>(answer, Type::cname, read_name);
}

Result<std::vector<std::string>> ns_records(const Answer& answer) {
  return read_all<std::string>(answer, Type::ns, read_name);
}

Result<std::vector<Tlsa>> tlsa_records(const Answer& answer) {
  return read_all<Tlsa>(answer, Type::tlsa, read_tlsa);
}

Result<std::vector<Srv>> srv_records(const Answer& answer) {
  return read_all<Srv>(answer, Type::srv, read_srv);
}

Result<std::string> encode_mx(const Mx& record) {
  Result<std::string> exchange = encode_name(record.exchange);
  if (!exchange) return fail(std::move(exchange.error()));
  std::string rdata;
  put_u16(record.preference, rdata);
  return rdata + *exchange;
}

Result<std::string> encode_srv(const Srv& record) {
  Result<std::string> target = encode_name(record.target);
  if (!target) return fail(std::move(target.error()));
  std::string rdata;
  for (const std::uint16_t value : {record.priority, record.weight, record.port})
    put_u16(value, rdata);
  return rdata + *target;
}

std::string encode_tlsa(const Tlsa& record) {
  std::string rdata;
  for (const std::uint8_t value : {record.usage, record.selector, record.matching_type})
    rdata += static_cast<char>(value);
  return rdata + record.association;
}

std::string encode_address(const IpAddress& address) { return std::string(address.octets()); }

std::string encode_txt(std::string_view text) {
  std::string rdata;
  do {
    const std::string_view string = text.substr(0, kStringOctetsMax);
    rdata += static_cast<char>(string.size());
    rdata += string;
    text.remove_prefix(string.size());
  } while (!text.empty());
  return rdata;
}

}  // namespace veredus::dns
