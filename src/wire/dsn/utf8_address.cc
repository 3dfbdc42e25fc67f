#include <charconv>
#include <cstdint>

#include "base/cursor.h"
#include "base/text.h"
#include "base/utf8.h"
#include "wire/dsn/report.h"

namespace veredus::dsn {

namespace {

/// How many octets the UTF-8 sequence that begins with `lead` has.
std::size_t sequence_octets(unsigned char lead) noexcept {
  if (lead < 0x80) return 1;
  if (lead < 0xE0) return 2;
  return lead < 0xF0 ? 3 : 4;
}

/// `sequence` is one well-formed UTF-8 sequence.
std::uint32_t code_point(std::string_view sequence) noexcept {
  constexpr std::uint32_t kLeadBits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
  std::uint32_t value = static_cast<unsigned char>(sequence.front()) & kLeadBits[sequence.size()];
  for (const char c : sequence.substr(1))
    value = (value << 6U) | (static_cast<unsigned char>(c) & 0x3FU);
  return value;
}

void append_utf8(std::string& out, std::uint32_t point) {
  const auto put = [&out](std::uint32_t octet) { out += static_cast<char>(octet); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0U | (point >> 6U));
    put(0x80U | (point & 0x3FU));
  } else if (point < 0x10000) {
    put(0xE0U | (point >> 12U));
    put(0x80U | ((point >> 6U) & 0x3FU));
    put(0x80U | (point & 0x3FU));
  } else {
    put(0xF0U | (point >> 18U));
    put(0x80U | ((point >> 12U) & 0x3FU));
    put(0x80U | ((point >> 6U) & 0x3FU));
    put(0x80U | (point & 0x3FU));
  }
}

void append_escaped(std::string& out, std::uint32_t point) {
  char digits[8];
  const auto end = std::to_chars(digits, digits + sizeof digits, point, 16).ptr;
  const std::string hex = ascii_upper({digits, end});
  out.append("\\x{").append(hex.size() < 2 ? "0" : "").append(hex).append("}");
}

/// QCHAR: %x21-2a / %x2c-3c / %x3e-5b / %x5d-7e (RFC 6533 §3).
bool is_plain(char c) noexcept {
  return c > ' ' && c < '\x7f' && c != '+' && c != '=' && c != '\\';
}

}  // namespace

std::string encode_utf8_address(std::string_view utf8) {
  std::string out;
  while (!utf8.empty()) {
    const auto lead = static_cast<unsigned char>(utf8.front());
    const std::string_view sequence = utf8.substr(0, sequence_octets(lead));
    const bool sound = is_utf8(sequence);
    if (is_plain(utf8.front()))
      out += utf8.front();
    else
      append_escaped(out, sound ? code_point(sequence) : 0xFFFD);
    utf8.remove_prefix(sound ? sequence.size() : 1);
  }
  return out;
}

std::string decode_utf8_address(std::string_view text) {
  std::string out;
  Cursor in(text);
  while (!in.done()) {
    out += in.take_while([](char c) { return c != '\\'; });
    Cursor escape = in;
    if (!escape.eat("\\x{")) {
      out += in.take(1);
      continue;
    }
    const std::string_view hex = escape.take_while([](char c) { return c != '}'; });
    std::uint32_t point = 0;
    const auto [stop, error] = std::from_chars(hex.data(), hex.data() + hex.size(), point, 16);
    const bool sound = error == std::errc() && stop == hex.data() + hex.size() && hex.size() <= 6 &&
                       point <= 0x10FFFF && (point & ~0x7FFU) != 0xD800;
    if (!sound || !escape.eat('}')) {
      out += in.take(1);
      continue;
    }
    append_utf8(out, point);
    in = escape;
  }
  return out;
}

}  // namespace veredus::dsn
