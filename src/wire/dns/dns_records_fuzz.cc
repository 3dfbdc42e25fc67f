// The first octet chooses the record type, the rest is RDATA or a name. What is read must be
// writable and read back the same.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "wire/dns/name.h"
#include "wire/dns/records.h"

namespace {

using namespace veredus::dns;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_name(std::string_view wire) {
  const auto name = decode_name(wire);
  if (!name) return;
  const auto again = encode_name(name->text);
  require(again && again->size() == name->octets && decode_name(*again)->text == name->text);
}

Answer with(Type type, std::string rdata) {
  Answer answer;
  answer.type = type;
  answer.rdata.push_back(std::move(rdata));
  return answer;
}

void check_records(Type type, const std::string& rdata) {
  const Answer answer = with(type, rdata);
  if (const auto mx = mx_records(answer))
    require(mx_records(with(type, encode_mx(mx->front()).value())).value() == *mx);
  if (const auto srv = srv_records(answer))
    require(srv_records(with(type, encode_srv(srv->front()).value())).value() == *srv);
  if (const auto tlsa = tlsa_records(answer)) require(encode_tlsa(tlsa->front()) == rdata);
  if (const auto txt = txt_records(answer))
    require(txt_records(with(type, encode_txt(txt->front()))).value() == *txt);
  if (const auto a = a_records(answer)) require(encode_address(a->front()) == rdata);
  static_cast<void>(aaaa_records(answer));
  static_cast<void>(ptr_records(answer));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string rdata(reinterpret_cast<const char*>(data) + 1, size - 1);
  check_name(rdata);
  check_records(static_cast<Type>(data[0]), rdata);
  if (const auto wire = encode_name(rdata)) check_name(*wire);
  return 0;
}
