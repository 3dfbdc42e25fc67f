#include "mail/directory/account.h"

#include <algorithm>
#include <array>

namespace veredus::directory {
namespace {

struct ProtocolName {
  Protocol protocol;
  std::string_view name;
};
constexpr std::array kProtocols{ProtocolName{Protocol::submission, "submission"},
                                ProtocolName{Protocol::imap, "imap"},
                                ProtocolName{Protocol::pop3, "pop3"}};

}  // namespace

std::string_view name(Protocol protocol) {
  const auto* found = std::ranges::find(kProtocols, protocol, &ProtocolName::protocol);
  return found == kProtocols.end() ? "unknown" : found->name;
}

std::optional<Protocol> parse_protocol(std::string_view name) {
  const auto* found = std::ranges::find(kProtocols, name, &ProtocolName::name);
  if (found == kProtocols.end()) return std::nullopt;
  return found->protocol;
}

}  // namespace veredus::directory
