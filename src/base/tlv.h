// Tagged fields: how records that must last lie on disk (docs/queue.md).
//
//   record = version *field         version = 1 octet
//   field  = tag length value       tag, length = LEB128, at most 10 octets
//
// A number's value is LEB128 too. What is empty, zero or false is not written.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/cursor.h"

namespace veredus {

inline void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>((value & 0x7f) | 0x80));
  out.push_back(static_cast<char>(value));
}

/// Nothing, and nothing consumed, when the text ends early or the number needs over 64 bits.
inline std::optional<std::uint64_t> take_varint(Cursor& in) {
  Cursor probe = in;
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::string_view octet = probe.take(1);
    if (octet.empty()) return std::nullopt;
    const auto bits = static_cast<std::uint64_t>(static_cast<unsigned char>(octet[0]));
    if (shift == 63 && bits > 1) return std::nullopt;
    value |= (bits & 0x7f) << shift;
    if ((bits & 0x80) == 0) {
      in = probe;
      return value;
    }
  }
  return std::nullopt;
}

class FieldWriter {
 public:
  /// `out` must outlive the writer.
  explicit FieldWriter(std::string& out) : out_(out) {}

  /// Writes the field even when `value` is empty: for nested records.
  void record(std::uint64_t tag, std::string_view value) {
    put_varint(out_, tag);
    put_varint(out_, value.size());
    out_.append(value);
  }
  void text(std::uint64_t tag, std::string_view value) {
    if (!value.empty()) record(tag, value);
  }
  void number(std::uint64_t tag, std::uint64_t value) {
    if (value == 0) return;
    std::string octets;
    put_varint(octets, value);
    record(tag, octets);
  }

 private:
  std::string& out_;
};

struct Field {
  std::uint64_t tag;
  std::string_view value;
  std::string_view raw;  ///< Tag, length and value as they were read.
};

/// The field at the front of `in`, or nothing when it is cut off or malformed.
inline std::optional<Field> take_field(Cursor& in) {
  const std::string_view begin = in.rest();
  const auto tag = take_varint(in);
  if (!tag) return std::nullopt;
  const auto length = take_varint(in);
  if (!length || *length > in.rest().size()) return std::nullopt;
  const std::string_view value = in.take(static_cast<std::size_t>(*length));
  return Field{*tag, value, begin.substr(0, begin.size() - in.rest().size())};
}

/// The whole of `value` as one number.
inline std::optional<std::uint64_t> number_of(std::string_view value) {
  Cursor in(value);
  const auto number = take_varint(in);
  return in.done() ? number : std::nullopt;
}

}  // namespace veredus
