#include "wire/sasl/line.h"

#include <optional>
#include <utility>

#include "base/base64.h"

namespace veredus::sasl {

Result<std::string> decode_initial(std::string_view text) {
  if (text == "=") return std::string();
  if (text.empty()) return fail(Fault::malformed, "the initial response is missing");
  return decode_line(text);
}

std::string encode_initial(std::string_view octets) {
  return octets.empty() ? "=" : to_base64(octets);
}

Result<std::string> decode_line(std::string_view text) {
  if (text.size() > kLineOctetsMax) {
    return fail(Fault::overloaded,
                "the line is longer than " + std::to_string(kLineOctetsMax) + " octets");
  }
  std::optional<std::string> octets = from_base64(text);
  if (!octets) return fail(Fault::malformed, "not base64");
  return std::move(*octets);
}

std::string encode_line(std::string_view octets) { return to_base64(octets); }

}  // namespace veredus::sasl
