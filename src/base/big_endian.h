// Numbers in keys: big-endian, so that the order of octets is the order of numbers.

#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace veredus {

template <std::unsigned_integral Number>
void put_big_endian(std::string& out, Number number) {
  for (int shift = static_cast<int>(sizeof(Number) - 1) * 8; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(static_cast<unsigned char>(number >> shift)));
}

/// Of at most 8 octets.
inline std::uint64_t get_big_endian(std::string_view octets) {
  std::uint64_t number = 0;
  for (const char octet : octets) number = (number << 8U) | static_cast<unsigned char>(octet);
  return number;
}

}  // namespace veredus
