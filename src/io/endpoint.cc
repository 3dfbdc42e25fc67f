#include "io/endpoint.h"

#include <optional>
#include <utility>

#include "base/text.h"

namespace veredus::io {
namespace {

constexpr std::string_view kUnixPrefix = "unix:";
constexpr std::size_t kUnixPathOctetsMax = 4095;  // PATH_MAX, less the NUL: path_resolution(7)

std::unexpected<Error> bad_endpoint(std::string_view text, std::string_view expected) {
  return fail(Fault::malformed,
              "'" + printable(text, 120) + "' is not an endpoint: " + std::string(expected));
}

/// The text before and after the port's colon; brackets, where given, are still there.
struct Parts {
  std::string_view host;
  std::optional<std::string_view> port;
};

Parts split(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos || close + 1 == text.size()) return {text, std::nullopt};
    if (text[close + 1] == ':') return {text.substr(0, close + 1), text.substr(close + 2)};
    return {text, std::nullopt};
  }
  const std::size_t colon = text.find(':');
  // Two colons and no brackets: an IPv6 address alone.
  if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos)
    return {text, std::nullopt};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace

Endpoint Endpoint::unix_socket(std::string path) {
  Endpoint endpoint(IpAddress::v4({}), 0);
  endpoint.path_ = std::move(path);
  return endpoint;
}

Result<Endpoint> Endpoint::parse(std::string_view text, std::uint16_t default_port) {
  if (text.starts_with(kUnixPrefix)) {
    const std::string_view path = text.substr(kUnixPrefix.size());
    if (path.empty()) return bad_endpoint(text, "the path of the Unix socket is missing");
    if (path.size() > kUnixPathOctetsMax)
      return bad_endpoint(text, "a Unix socket's path has at most 4095 octets");
    if (path.contains('\0')) return bad_endpoint(text, "a path has no NUL");
    return unix_socket(std::string(path));
  }

  const Parts parts = split(text);
  const bool bracketed = parts.host.starts_with('[') && parts.host.ends_with(']');
  const auto address =
      IpAddress::parse(bracketed ? parts.host.substr(1, parts.host.size() - 2) : parts.host);
  if (!address || (bracketed && parts.host.contains('.') && address->is_v4()))
    return bad_endpoint(text, "expected address:port, [IPv6 address]:port or unix:/path");

  if (!parts.port && default_port == 0) return bad_endpoint(text, "the port is missing");
  if (!parts.port) return Endpoint(*address, default_port);
  const auto port = to_number<std::uint16_t>(*parts.port);
  if (!port) return bad_endpoint(text, "the port must be a number up to 65535");
  return Endpoint(*address, *port);
}

std::string Endpoint::text() const {
  if (is_unix()) return std::string(kUnixPrefix) + path_;
  const std::string port = ":" + std::to_string(port_);
  if (address_.is_v4()) return address_.text() + port;
  return "[" + address_.text() + "]" + port;
}

}  // namespace veredus::io
