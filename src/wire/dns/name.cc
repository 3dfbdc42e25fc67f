#include "wire/dns/name.h"

#include <optional>
#include <utility>

#include "base/cursor.h"
#include "base/text.h"

namespace veredus::dns {
namespace {

constexpr bool is_plain(char c) noexcept { return c > ' ' && c < '\x7F' && c != '.' && c != '\\'; }

void put_escaped(char c, std::string& out) {
  if (is_plain(c)) {
    out += ascii_lower(c);
    return;
  }
  out += '\\';
  if (c == '.' || c == '\\') {
    out += c;
    return;
  }
  const unsigned octet = static_cast<unsigned char>(c);
  out += static_cast<char>('0' + octet / 100);
  out += static_cast<char>('0' + octet / 10 % 10);
  out += static_cast<char>('0' + octet % 10);
}

/// What stands behind a backslash: three decimal digits, or one octet that means itself.
std::optional<char> take_escape(Cursor& in) {
  if (in.done()) return std::nullopt;
  if (!is_digit(in.peek())) return in.take(1).front();
  const auto octet = to_number<std::uint8_t>(in.rest().substr(0, 3));
  if (in.rest().size() < 3 || !octet) return std::nullopt;
  in.take(3);
  return static_cast<char>(*octet);
}

/// The octets of one label, up to a dot that is not escaped or the end.
Result<std::string> take_label(Cursor& in) {
  std::string label;
  while (!in.done() && in.peek() != '.') {
    char c = in.take(1).front();
    if (c == '\\') {
      const auto escaped = take_escape(in);
      if (!escaped) return fail(Fault::malformed, "bad escape in a domain name");
      c = *escaped;
    }
    label += ascii_lower(c);
    if (label.size() > kLabelOctetsMax)
      return fail(Fault::malformed, "a label of the domain name is over 63 octets");
  }
  if (label.empty()) return fail(Fault::malformed, "empty label in a domain name");
  return label;
}

}  // namespace

Result<DecodedName> decode_name(std::string_view wire) {
  DecodedName name{"", 0};
  Cursor in(wire);
  while (!in.done()) {
    const std::size_t octets = static_cast<unsigned char>(in.take(1).front());
    if (octets == 0) {
      name.octets = in.position();
      return name;
    }
    if (octets > kLabelOctetsMax)
      return fail(Fault::malformed, "compressed or unknown label in a domain name");
    const std::string_view label = in.take(octets);
    // The root's octet has still to come.
    if (label.size() < octets || in.position() >= kNameOctetsMax) break;
    if (!name.text.empty()) name.text += '.';
    for (const char c : label) put_escaped(c, name.text);
  }
  return fail(Fault::malformed, in.position() >= kNameOctetsMax ? "domain name over 255 octets"
                                                                : "domain name cut short");
}

Result<std::string> encode_name(std::string_view text) {
  std::string wire;
  if (text == ".") text = {};
  Cursor in(text);
  while (!in.done()) {
    Result<std::string> label = take_label(in);
    if (!label) return fail(std::move(label.error()));
    wire += static_cast<char>(label->size());
    wire += *label;
    if (wire.size() >= kNameOctetsMax) return fail(Fault::malformed, "domain name over 255 octets");
    if (!in.done()) in.eat('.');
  }
  wire += '\0';
  return wire;
}

}  // namespace veredus::dns
