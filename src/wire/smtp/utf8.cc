#include "wire/smtp/utf8.h"

#include <cstddef>
#include <cstdint>

namespace veredus::smtp {

namespace {

struct Lead {
  std::size_t tail;   // How many continuation octets follow.
  std::uint32_t min;  // The smallest code point this length may stand for.
  std::uint32_t bits;
};

/// What the first octet of a sequence says; `tail` is 4 for an octet that begins none.
constexpr Lead lead_of(unsigned char octet) noexcept {
  if (octet < 0x80) return {0, 0, octet};
  if (octet >= 0xC2 && octet < 0xE0) return {1, 0x80, octet & 0x1FU};
  if (octet >= 0xE0 && octet < 0xF0) return {2, 0x800, octet & 0x0FU};
  if (octet >= 0xF0 && octet < 0xF5) return {3, 0x10000, octet & 0x07U};
  return {4, 0, 0};
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const Lead lead = lead_of(static_cast<unsigned char>(text.front()));
    if (lead.tail == 4 || text.size() <= lead.tail) return false;
    std::uint32_t point = lead.bits;
    for (const char c : text.substr(1, lead.tail)) {
      const auto octet = static_cast<unsigned char>(c);
      if ((octet & 0xC0) != 0x80) return false;
      point = (point << 6) | (octet & 0x3FU);
    }
    const bool is_surrogate = point >= 0xD800 && point <= 0xDFFF;
    if (point < lead.min || point > 0x10FFFF || is_surrogate) return false;
    text.remove_prefix(lead.tail + 1);
  }
  return true;
}

}  // namespace veredus::smtp
