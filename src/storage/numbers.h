// Numbers as octets on disk: big-endian, so that the order of octets is the order of numbers.

#pragma once

#include <bit>
#include <concepts>
#include <cstring>
#include <string>
#include <string_view>

namespace veredus::storage {

/// Between the machine's order of octets and big-endian.
template <std::unsigned_integral Number>
constexpr Number big_endian(Number number) noexcept {
  return std::endian::native == std::endian::big ? number : std::byteswap(number);
}

template <std::unsigned_integral Number>
void append_number(std::string& out, Number number) {
  number = big_endian(number);
  out.append(reinterpret_cast<const char*>(&number), sizeof(Number));
}

/// Precondition: `octets` has as many as the number, or more.
template <std::unsigned_integral Number>
Number read_number(std::string_view octets) noexcept {
  Number number = 0;
  std::memcpy(&number, octets.data(), sizeof(Number));
  return big_endian(number);
}

/// Takes a number off the front of `octets`. Precondition: it is there.
template <std::unsigned_integral Number>
Number take_number(std::string_view& octets) noexcept {
  const Number number = read_number<Number>(octets);
  octets.remove_prefix(sizeof(Number));
  return number;
}

}  // namespace veredus::storage
