#include "wire/dns/answer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace veredus::dns {
namespace {

constexpr std::array<std::pair<Type, std::string_view>, 10> kNames{{
    {Type::a, "A"},
    {Type::ns, "NS"},
    {Type::cname, "CNAME"},
    {Type::soa, "SOA"},
    {Type::ptr, "PTR"},
    {Type::mx, "MX"},
    {Type::txt, "TXT"},
    {Type::aaaa, "AAAA"},
    {Type::srv, "SRV"},
    {Type::tlsa, "TLSA"},
}};

}  // namespace

std::string type_name(Type type) {
  const auto* const found = std::ranges::find(kNames, type, [](const auto& n) { return n.first; });
  if (found != kNames.end()) return std::string(found->second);
  return "TYPE" + std::to_string(std::to_underlying(type));
}

std::optional<Type> parse_type(std::string_view name) {
  const auto* const found =
      std::ranges::find_if(kNames, [&](const auto& n) { return iequals(n.second, name); });
  if (found == kNames.end()) return std::nullopt;
  return found->first;
}

std::string_view status_text(Answer::Status status) noexcept {
  switch (status) {
    case Answer::Status::found:
      return "found";
    case Answer::Status::no_data:
      return "no data";
    case Answer::Status::no_domain:
      return "no such domain";
  }
  return "";
}

}  // namespace veredus::dns
