// Whatever lies on disk, decoding says so or gives a value that can be written and read again.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "mail/queue/envelope.h"

namespace {

/// What we accepted, we must be able to say again and read back the same.
template <class Decode>
void check(std::string_view octets, Decode decode) {
  const auto value = decode(octets);
  if (!value) return;
  const std::string again = veredus::queue::encode(*value);
  const auto back = decode(again);
  if (!back || veredus::queue::encode(*back) != again) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  check(octets, [](std::string_view text) { return veredus::queue::decode_envelope(text); });
  check(octets, [](std::string_view text) { return veredus::queue::decode_standing(text); });
  const auto whole = veredus::queue::decode_envelope(octets);
  const auto brief = veredus::queue::decode_brief(octets);
  if (whole && (!brief || brief->recipients.size() != whole->recipients.size())) std::abort();
  return 0;
}
