#include "wire/mime/transfer_encoding.h"

#include <array>
#include <cstddef>
#include <utility>

#include "base/base64.h"
#include "base/text.h"
#include "wire/mime/lexer.h"

namespace veredus::mime {
namespace {

constexpr unsigned kColumnMax = 76;  // RFC 2045 §6.7 rule 5, §6.8
constexpr std::string_view kHexDigits = "0123456789ABCDEF";

constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

/// The value of a hexadecimal digit, or -1. Lower case is wrong but understood (RFC 2045 §6.7).
constexpr int hex_value(char c) noexcept {
  const auto at = kHexDigits.find(ascii_upper(c));
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

/// Printable and not "=": may stand for itself (RFC 2045 §6.7 rule 2).
constexpr bool is_literal(char c) noexcept { return c > ' ' && c < '\x7F' && c != '='; }

}  // namespace

TransferEncoding parse_transfer_encoding(std::string_view body) {
  using enum TransferEncoding;
  constexpr std::array<std::pair<std::string_view, TransferEncoding>, 5> kNames{{
      {"7bit", seven_bit},
      {"8bit", eight_bit},
      {"binary", binary},
      {"quoted-printable", quoted_printable},
      {"base64", base64},
  }};
  Lexer in(body);
  in.skip_cfws();
  const std::string name = in.take_token();
  in.skip_cfws();
  // Some writers end the field with a semicolon.
  if (name.empty() && in.done()) return seven_bit;
  if (!in.done() && in.peek() != ';') return unknown;
  for (const auto& [text, encoding] : kNames)
    if (iequals(text, name)) return encoding;
  return unknown;
}

void Base64Encoder::put_group(std::string& out) {
  const std::uint32_t bits = group_ << (8 * (3 - group_octets_));
  for (unsigned i = 0; i < 4; ++i)
    out += i > group_octets_ ? '=' : kBase64Digits[bits >> (18 - 6 * i) & 63];
  group_ = 0;
  group_octets_ = 0;
  column_ += 4;
  if (column_ < kColumnMax) return;
  out += "\r\n";
  column_ = 0;
}

void Base64Encoder::feed(std::string_view bytes, std::string& out) {
  for (const char c : bytes) {
    group_ = group_ << 8 | static_cast<unsigned char>(c);
    if (++group_octets_ == 3) put_group(out);
  }
}

void Base64Encoder::finish(std::string& out) {
  if (group_octets_ > 0) put_group(out);
  if (column_ > 0) out += "\r\n";
  column_ = 0;
}

void Base64Decoder::feed(std::string_view text, std::string& out) {
  for (const char c : text) {
    const std::uint8_t value = kBase64Values[static_cast<unsigned char>(c)];
    if (value != kNoBase64Digit) {
      padded_ = false;
      bits_ = bits_ << 6 | value;
      if (++digits_ == 4) end_group(out);
    } else if (c == '=') {
      // The second "=" of a group finds it ended already.
      if (digits_ == 0 && !padded_) sound_ = false;
      end_group(out);
      padded_ = true;
    } else if (!is_blank(c) && c != '\r' && c != '\n') {
      sound_ = false;
    }
  }
}

void Base64Decoder::end_group(std::string& out) {
  if (digits_ == 1) sound_ = false;  // Six bits are no octet.
  const std::uint32_t bits = digits_ == 0 ? 0 : bits_ << (6 * (4 - digits_));
  for (unsigned i = 0; i + 1 < digits_; ++i) out += static_cast<char>(bits >> (16 - 8 * i) & 0xFF);
  bits_ = 0;
  digits_ = 0;
}

void Base64Decoder::finish(std::string& out) {
  if (digits_ > 0) sound_ = false;
  end_group(out);
}

bool QuotedPrintableEncoder::make_room(unsigned width, std::string& out) {
  // One column is kept for the "=" of a soft line break.
  if (column_ + width <= kColumnMax - 1) return false;
  out += "=\r\n";
  column_ = 0;
  return true;
}

void QuotedPrintableEncoder::put_literal(char c, std::string& out) {
  // A line of our making must not look like a boundary.
  if (make_room(1, out) && c == '-') {
    put_encoded(c, out);
    return;
  }
  out += c;
  ++column_;
}

void QuotedPrintableEncoder::put_encoded(char c, std::string& out) {
  make_room(3, out);
  const auto octet = static_cast<unsigned char>(c);
  out += '=';
  out += kHexDigits[octet >> 4];
  out += kHexDigits[octet & 15];
  column_ += 3;
}

void QuotedPrintableEncoder::put(char c, std::string& out) {
  if (const char space = std::exchange(space_held_, '\0'); space != '\0') put_literal(space, out);
  if (is_blank(c)) {
    space_held_ = c;
  } else if (is_literal(c)) {
    put_literal(c, out);
  } else {
    put_encoded(c, out);
  }
}

void QuotedPrintableEncoder::feed(std::string_view bytes, std::string& out) {
  for (const char c : bytes) {
    if (std::exchange(cr_held_, false)) {
      if (c == '\n') {
        // White space must not end a line (RFC 2045 §6.7 rule 3).
        if (const char space = std::exchange(space_held_, '\0'); space != '\0')
          put_encoded(space, out);
        out += "\r\n";
        column_ = 0;
        continue;
      }
      put('\r', out);
    }
    if (c == '\r' && mode_ == Mode::text) {
      cr_held_ = true;
    } else {
      put(c, out);
    }
  }
}

void QuotedPrintableEncoder::finish(std::string& out) {
  if (std::exchange(cr_held_, false)) put('\r', out);
  if (const char space = std::exchange(space_held_, '\0'); space != '\0') put_encoded(space, out);
}

void QuotedPrintableDecoder::feed(std::string_view text, std::string& out) {
  for (const char c : text) put(c, out);
}

void QuotedPrintableDecoder::put(char c, std::string& out) {
  if (held_.starts_with('=')) {
    put_escaped(c, out);
    return;
  }
  // What is held is white space, perhaps with the CR of a line ending.
  if (c == '\n') {
    out += held_.ends_with('\r') ? "\r\n" : "\n";
    held_.clear();
    return;
  }
  if (is_blank(c) && !held_.ends_with('\r')) {
    held_ += c;
    return;
  }
  if (c == '\r' && !held_.ends_with('\r')) {
    held_ += c;
    return;
  }
  out += held_;
  held_.clear();
  if (c == '=' || c == '\r' || is_blank(c)) {
    held_ += c;
  } else {
    out += c;
  }
}

void QuotedPrintableDecoder::put_escaped(char c, std::string& out) {
  const char last = held_.back();
  if (c == '\n') {  // A soft line break; white space before its end does not count.
    held_.clear();
    return;
  }
  const bool only_blank = held_.find_first_not_of(" \t", 1) == std::string::npos;
  if (only_blank && (is_blank(c) || c == '\r')) {
    held_ += c;
    return;
  }
  if (held_.size() == 1 && hex_value(c) >= 0) {
    held_ += c;
    return;
  }
  if (held_.size() == 2 && hex_value(last) >= 0 && hex_value(c) >= 0) {
    out += static_cast<char>(hex_value(last) * 16 + hex_value(c));
    held_.clear();
    return;
  }
  sound_ = false;
  std::string wrong = std::exchange(held_, {});
  out += wrong.front();
  wrong.erase(0, 1);
  // What followed the "=" may itself be the beginning of an escape or a line ending.
  for (const char again : wrong) put(again, out);
  put(c, out);
}

void QuotedPrintableDecoder::finish(std::string& out) {
  const std::string left = std::exchange(held_, {});
  if (left.starts_with('=')) {
    sound_ = false;
    out += left;
  }
  // White space at the end of the last line is dropped as on any other; a CR was content.
  if (left.ends_with('\r') && !left.starts_with('=')) out += '\r';
}

std::string encode_base64(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 4 / 3 + bytes.size() / 38 + 8);
  Base64Encoder encoder;
  encoder.feed(bytes, out);
  encoder.finish(out);
  return out;
}

std::string decode_base64(std::string_view text) {
  std::string out;
  Base64Decoder decoder;
  decoder.feed(text, out);
  decoder.finish(out);
  return out;
}

std::string encode_quoted_printable(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 4);
  QuotedPrintableEncoder encoder;
  encoder.feed(bytes, out);
  encoder.finish(out);
  return out;
}

std::string decode_quoted_printable(std::string_view text) {
  std::string out;
  QuotedPrintableDecoder decoder;
  decoder.feed(text, out);
  decoder.finish(out);
  return out;
}

std::string decode_transfer(TransferEncoding encoding, std::string_view body) {
  switch (encoding) {
    case TransferEncoding::base64:
      return decode_base64(body);
    case TransferEncoding::quoted_printable:
      return decode_quoted_printable(body);
    default:
      return std::string(body);
  }
}

}  // namespace veredus::mime
