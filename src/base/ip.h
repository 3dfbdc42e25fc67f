// IP addresses and networks, as text and as values. No sockets here.

#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace veredus {

/// An IPv4 or IPv6 address. An IPv4-mapped IPv6 address (::ffff:a.b.c.d) is the IPv4 address:
/// a client on a dual-stack socket is the same client.
class IpAddress {
 public:
  static IpAddress v4(std::array<std::uint8_t, 4> octets) noexcept;
  static IpAddress v6(std::array<std::uint8_t, 16> octets) noexcept;
  /// Dotted quad, or the forms of RFC 4291 §2.2; no port, no brackets, no scope.
  [[nodiscard]] static Result<IpAddress> parse(std::string_view text);

  bool is_v4() const noexcept { return v4_; }
  bool is_loopback() const noexcept;
  /// 0.0.0.0 or ::
  bool is_unspecified() const noexcept;
  /// The octets in network order: 4 or 16 of them.
  std::string_view octets() const noexcept;
  /// The shortest form (RFC 5952).
  std::string text() const;
  /// The name a PTR query asks for (1.0.0.127.in-addr.arpa).
  std::string reverse_name() const;

  friend bool operator==(const IpAddress&, const IpAddress&) = default;
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  std::array<std::uint8_t, 16> octets_{};
  bool v4_ = true;
};

/// An address and a prefix length: 192.0.2.0/24, 2001:db8::/32, or one address.
class IpNetwork {
 public:
  /// Bits beyond the prefix must be zero: 10.0.0.1/8 is more likely a mistake than a wish.
  [[nodiscard]] static Result<IpNetwork> parse(std::string_view text);

  bool contains(const IpAddress& address) const noexcept;
  std::string text() const;

  friend bool operator==(const IpNetwork&, const IpNetwork&) = default;

 private:
  IpNetwork(IpAddress address, int prefix_bits) : address_(address), prefix_bits_(prefix_bits) {}
  IpAddress address_;
  int prefix_bits_;
};

}  // namespace veredus
