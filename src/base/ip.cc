#include "base/ip.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <arpa/inet.h>

#include "base/text.h"

namespace veredus {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

}  // namespace

IpAddress IpAddress::v4(std::array<std::uint8_t, 4> octets) noexcept {
  IpAddress address;
  std::ranges::copy(octets, address.octets_.begin());
  return address;
}

IpAddress IpAddress::v6(std::array<std::uint8_t, 16> octets) noexcept {
  if (std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), octets.begin()))
    return v4({octets[12], octets[13], octets[14], octets[15]});
  IpAddress address;
  address.octets_ = octets;
  address.v4_ = false;
  return address;
}

Result<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string terminated(text);
  std::array<std::uint8_t, 4> four{};
  if (inet_pton(AF_INET, terminated.c_str(), four.data()) == 1) return v4(four);
  std::array<std::uint8_t, 16> sixteen{};
  if (inet_pton(AF_INET6, terminated.c_str(), sixteen.data()) == 1) return v6(sixteen);
  return fail(Fault::malformed, "not an IP address: " + printable(text, 60));
}

bool IpAddress::is_loopback() const noexcept {
  if (v4_) return octets_[0] == 127;
  return std::all_of(octets_.begin(), octets_.end() - 1, [](auto octet) { return octet == 0; }) &&
         octets_[15] == 1;
}

bool IpAddress::is_unspecified() const noexcept {
  return std::ranges::all_of(octets_, [](auto octet) { return octet == 0; });
}

std::string_view IpAddress::octets() const noexcept {
  return {reinterpret_cast<const char*>(octets_.data()), v4_ ? std::size_t{4} : std::size_t{16}};
}

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  if (!v4_) {
    inet_ntop(AF_INET6, octets_.data(), buffer.data(), buffer.size());
    return buffer.data();
  }
  // Said several times for each message: not by way of printf(), as inet_ntop() does.
  char* at = buffer.data();
  for (std::size_t i = 0; i < 4; ++i) {
    if (i > 0) *at++ = '.';
    at = std::to_chars(at, buffer.data() + buffer.size(), octets_[i]).ptr;
  }
  return {buffer.data(), at};
}

std::string IpAddress::reverse_name() const {
  std::string name;
  if (v4_) {
    for (int i = 3; i >= 0; --i) name += std::to_string(octets_[static_cast<std::size_t>(i)]) + ".";
    return name + "in-addr.arpa";
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  for (auto octet = octets_.rbegin(); octet != octets_.rend(); ++octet) {
    name += kHex[*octet & 15];
    name += '.';
    name += kHex[*octet >> 4];
    name += '.';
  }
  return name + "ip6.arpa";
}

Result<IpNetwork> IpNetwork::parse(std::string_view text) {
  const auto slash = text.find('/');
  const Result<IpAddress> address = IpAddress::parse(text.substr(0, slash));
  if (!address) return fail(address.error());
  const int bits_max = address->is_v4() ? 32 : 128;
  if (slash == std::string_view::npos) return IpNetwork(*address, bits_max);

  const std::optional<int> bits = to_number<int>(text.substr(slash + 1));
  if (!bits || *bits > bits_max)
    return fail(Fault::malformed, "prefix length must be 0 to " + std::to_string(bits_max) + ": " +
                                      printable(text, 60));
  const std::string_view octets = address->octets();
  for (int bit = *bits; bit < bits_max; ++bit) {
    const auto octet = static_cast<unsigned char>(octets[static_cast<std::size_t>(bit / 8)]);
    if ((octet >> (7 - bit % 8)) & 1)
      return fail(Fault::malformed, printable(text, 60) + " has bits set beyond its prefix");
  }
  return IpNetwork(*address, *bits);
}

bool IpNetwork::contains(const IpAddress& address) const noexcept {
  if (address.is_v4() != address_.is_v4()) return false;
  const std::string_view ours = address_.octets();
  const std::string_view theirs = address.octets();
  const auto whole = static_cast<std::size_t>(prefix_bits_ / 8);
  if (ours.substr(0, whole) != theirs.substr(0, whole)) return false;
  const int rest = prefix_bits_ % 8;
  if (rest == 0) return true;
  const int difference =
      static_cast<unsigned char>(ours[whole]) ^ static_cast<unsigned char>(theirs[whole]);
  return (difference >> (8 - rest)) == 0;
}

std::string IpNetwork::text() const { return address_.text() + "/" + std::to_string(prefix_bits_); }

}  // namespace veredus
