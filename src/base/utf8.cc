#include "base/utf8.h"

#include <algorithm>
#include <cstdint>

#include "base/text.h"

namespace veredus {

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

/// A control (C0, DEL, C1), a line separator, or a mark that changes the direction of a line, with
/// which a text could look like another.
bool is_deceptive(std::uint32_t point) noexcept {
  const auto in = [point](std::uint32_t first, std::uint32_t last) {
    return point >= first && point <= last;
  };
  return point < 0x20 || in(0x7F, 0x9F) || in(0x200E, 0x200F) || in(0x2028, 0x202E) ||
         in(0x2066, 0x2069);
}

struct Character {
  std::size_t octets = 0;  // 0: it is none.
  std::uint32_t point = 0;
};

Character first_of(std::string_view text) noexcept {
  if (text.empty()) return {};
  const Lead lead = lead_of(static_cast<unsigned char>(text.front()));
  if (lead.tail == 4 || text.size() <= lead.tail) return {};
  std::uint32_t point = lead.bits;
  for (const char c : text.substr(1, lead.tail)) {
    const auto octet = static_cast<unsigned char>(c);
    if ((octet & 0xC0) != 0x80) return {};
    point = (point << 6) | (octet & 0x3FU);
  }
  const bool is_surrogate = point >= 0xD800 && point <= 0xDFFF;
  if (point < lead.min || point > 0x10FFFF || is_surrogate) return {};
  return {lead.tail + 1, point};
}

}  // namespace

std::size_t leading_character_octets(std::string_view text) noexcept {
  return first_of(text).octets;
}

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t octets = leading_character_octets(text);
    if (octets == 0) return false;
    text.remove_prefix(octets);
  }
  return true;
}

std::string readable(std::string_view text, std::size_t octets_max) {
  std::string out;
  while (!text.empty()) {
    const Character character = first_of(text);
    const std::string_view next = text.substr(0, std::max<std::size_t>(character.octets, 1));
    if (next.size() > octets_max) return out + "...";
    const bool is_shown = character.octets > 0 && !is_deceptive(character.point);
    out += is_shown ? std::string(next) : printable(next);
    octets_max -= next.size();
    text.remove_prefix(next.size());
  }
  return out;
}

}  // namespace veredus
