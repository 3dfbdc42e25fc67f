#include "base/ids.h"

#include "base/text.h"

namespace veredus {
namespace {

constexpr std::string_view kDigits =
    "0123456789ABCDEFGHJKMNPQRSTVWXYZ";  // Crockford: no I, L, O, U
constexpr int kLength = 13;              // 65 bits; the first digit is 0..F

std::string encode(std::uint64_t value) {
  std::string out(kLength, '0');
  for (int i = kLength - 1; i >= 0; --i) {
    out[static_cast<std::size_t>(i)] = kDigits[value & 31];
    value >>= 5;
  }
  return out;
}

}  // namespace

std::string text(QueueId id) { return encode(static_cast<std::uint64_t>(id)); }
std::string text(SessionId id) { return encode(static_cast<std::uint64_t>(id)); }

std::optional<QueueId> parse_queue_id(std::string_view text) {
  if (text.size() != kLength) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    const auto digit = kDigits.find(ascii_upper(c));
    if (digit == std::string_view::npos) return std::nullopt;
    if (value >> 59 != 0) return std::nullopt;
    value = (value << 5) | digit;
  }
  return QueueId{value};
}

}  // namespace veredus
