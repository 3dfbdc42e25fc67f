// What is read can be written and reads the same.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/mime/date.h"

namespace {

using namespace veredus::mime;

void require(bool holds) {
  if (!holds) std::abort();
}

void check(std::string_view text) {
  const auto date = parse_date(text);
  if (!date) return;
  const auto again = parse_date(format_date(date->time, date->offset));
  // A date of 1 January 1900 may lie before it in UTC.
  constexpr std::chrono::sys_seconds kFirst =
      std::chrono::sys_days(std::chrono::year(1901) / 1 / 1);
  if (date->time >= kFirst) require(again && *again == *date);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
