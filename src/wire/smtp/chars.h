// Which octets each SMTP grammar rule allows: one table, proved at compile time.

#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/text.h"

namespace veredus::smtp {

/// Classes of octets; one octet may be in several, so these are bits.
enum CharClass : std::uint8_t {
  kAtext = 1,       ///< RFC 5322 §3.2.3
  kQtext = 2,       ///< qtextSMTP: stands for itself inside quotes (RFC 5321 §4.1.2)
  kQuotedPair = 4,  ///< What may follow a backslash inside quotes (RFC 5321 §4.1.2)
  kEsmtpValue = 8,  ///< %d33-60 / %d62-126 (RFC 5321 §4.1.2)
  kLetDig = 16,     ///< RFC 5321 §4.1.2
  kDcontent = 32,   ///< Inside a general address literal (RFC 5321 §4.1.3)
  kXchar = 64,      ///< Stands for itself in xtext (RFC 3461 §4)
  kControl = 128,   ///< %d0-31 / %d127: never part of a command
};

consteval std::array<std::uint8_t, 256> make_char_table() {
  std::array<std::uint8_t, 256> table{};
  constexpr std::string_view kAtextSpecials = "!#$%&'*+-/=?^_`{|}~";
  for (int octet = 0; octet < 256; ++octet) {
    const char c = static_cast<char>(octet);
    unsigned bits = 0;
    const bool let_dig = is_alpha(c) || is_digit(c);
    if (let_dig) bits |= kLetDig;
    if (let_dig || kAtextSpecials.contains(c)) bits |= kAtext;
    if (octet >= 32 && octet <= 126) {
      bits |= kQuotedPair;
      if (c != '"' && c != '\\') bits |= kQtext;
    }
    if (octet >= 33 && octet <= 126) {
      if (c != '=') bits |= kEsmtpValue;
      if (c != '[' && c != '\\' && c != ']') bits |= kDcontent;
      if (c != '+' && c != '=') bits |= kXchar;
    }
    if (octet < 32 || octet == 127) bits |= kControl;
    table[static_cast<std::size_t>(octet)] = static_cast<std::uint8_t>(bits);
  }
  return table;
}
inline constexpr auto kCharTable = make_char_table();

/// Whether `c` is in the class `wanted` (or in any of several, joined by |).
constexpr bool is(int wanted, char c) noexcept {
  return (kCharTable[static_cast<unsigned char>(c)] & wanted) != 0;
}
/// An octet above 127: part of a UTF-8 sequence, or nothing we can read.
constexpr bool is_8bit(char c) noexcept { return static_cast<unsigned char>(c) >= 0x80; }

/// True when every octet of `text` is in `wanted`; also for an empty text.
constexpr bool all_are(int wanted, std::string_view text) noexcept {
  for (const char c : text)
    if (!is(wanted, c)) return false;
  return true;
}

static_assert(is(kAtext, '+') && !is(kAtext, '@') && !is(kAtext, '.') && !is(kAtext, '\x80'));
static_assert(!is(kQtext, '"') && is(kQtext, ' ') && !is(kQtext, '\t') && is(kQuotedPair, '"'));
static_assert(is(kEsmtpValue, '<') && !is(kEsmtpValue, '=') && !is(kEsmtpValue, ' '));
static_assert(is(kControl, '\0') && is(kControl, '\x7f') && !is(kControl, ' '));
static_assert(!is(kDcontent, ']') && is(kDcontent, ':') && !is(kXchar, '+') && is(kXchar, '@'));

}  // namespace veredus::smtp
