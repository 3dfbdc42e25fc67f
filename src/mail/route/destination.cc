// Names of next hops.

#include "base/text.h"
#include "mail/route/router.h"

namespace veredus::route {
namespace {

constexpr std::uint16_t kSmtpPort = 25;
constexpr std::string_view kLocal = "local";
constexpr std::string_view kLmtp = "lmtp:";
constexpr std::string_view kSmtp = "smtp:";
constexpr std::string_view kMx = "mx:";

struct Naming {
  std::string operator()(const LocalMailbox&) const { return std::string(kLocal); }
  std::string operator()(const Lmtp& lmtp) const {
    return std::string(kLmtp) + lmtp.endpoint.text();
  }
  std::string operator()(const SmtpHost& host) const {
    const bool is_ipv6 = host.name.contains(':');
    return std::string(kSmtp) + (is_ipv6 ? "[" + host.name + "]" : host.name) + ":" +
           std::to_string(host.port);
  }
  std::string operator()(const MxDomain& mx) const { return std::string(kMx) + mx.domain; }
};

}  // namespace

std::string destination_name(const NextHop& next_hop) { return std::visit(Naming(), next_hop); }

Result<SmtpHost> parse_smtp_host(std::string_view text) {
  if (const auto endpoint = io::Endpoint::parse(text, kSmtpPort); endpoint && !endpoint->is_unix())
    return SmtpHost{endpoint->address().text(), endpoint->port()};
  if (const auto address = IpAddress::parse(text)) return SmtpHost{address->text(), kSmtpPort};

  const auto colon = text.rfind(':');
  const auto name = smtp::Domain::parse(text.substr(0, colon));
  if (!name) return fail(Fault::malformed, "not a host: " + name.error().text());
  if (colon == std::string_view::npos) return SmtpHost{std::string(name->ascii()), kSmtpPort};
  const auto port = to_number<std::uint16_t>(text.substr(colon + 1));
  if (!port || *port == 0)
    return fail(Fault::malformed, "not a port: " + printable(text.substr(colon + 1)));
  return SmtpHost{std::string(name->ascii()), *port};
}

Result<NextHop> parse_destination(std::string_view name) {
  if (name == kLocal) return LocalMailbox{};
  if (name.starts_with(kMx)) return MxDomain{std::string(name.substr(kMx.size()))};
  if (name.starts_with(kLmtp)) {
    const auto endpoint = io::Endpoint::parse(name.substr(kLmtp.size()));
    if (!endpoint) return fail(endpoint.error());
    return Lmtp{*endpoint};
  }
  if (name.starts_with(kSmtp)) {
    const auto host = parse_smtp_host(name.substr(kSmtp.size()));
    if (!host) return fail(host.error());
    return *host;
  }
  return fail(Fault::malformed, "not a destination: " + printable(name));
}

}  // namespace veredus::route
