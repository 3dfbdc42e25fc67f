#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "mail/trace/event.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  const auto events = veredus::trace::decode(octets);
  if (!events) return 0;
  // What was read can be written, and read again as the same.
  const std::string again = veredus::trace::encode(*events);
  const auto second = veredus::trace::decode(again);
  if (!second || veredus::trace::encode(*second) != again) std::abort();
  return 0;
}
