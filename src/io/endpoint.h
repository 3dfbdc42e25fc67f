// Where a connection starts or ends: an address with a port, or a Unix socket's path.

#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "base/result.h"

namespace veredus::io {

class Endpoint {
 public:
  Endpoint(IpAddress address, std::uint16_t port) : address_(address), port_(port) {}
  static Endpoint unix_socket(std::string path);

  /// `192.0.2.1:25`, `[2001:db8::1]:25`, or `unix:/run/x.sock`. `default_port` (0: none) is used
  /// when no port is given; without one the port is required.
  [[nodiscard]] static Result<Endpoint> parse(std::string_view text,
                                              std::uint16_t default_port = 0);

  bool is_unix() const noexcept { return !path_.empty(); }
  /// Meaningful unless is_unix().
  const IpAddress& address() const noexcept { return address_; }
  std::uint16_t port() const noexcept { return port_; }
  /// Empty unless is_unix().
  const std::string& path() const noexcept { return path_; }
  /// What parse() reads.
  std::string text() const;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;

 private:
  IpAddress address_;
  std::uint16_t port_ = 0;
  std::string path_;
};

}  // namespace veredus::io
