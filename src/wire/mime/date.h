// Dates of messages (RFC 5322 §3.3), written strictly and read tolerantly (RFC 5322 §4.3).

#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace veredus::mime {

/// A moment and the zone it was written in.
struct Date {
  std::chrono::sys_seconds time;
  std::chrono::minutes offset{0};  ///< East of UTC; -0000 and unknown zones are 0.
  friend bool operator==(const Date&, const Date&) = default;
};

/// "Fri, 21 Nov 1997 09:55:06 -0600"; a fraction of a second is dropped, and times before 1900,
/// which no date may say, become the first day of 1900.
std::string format_date(std::chrono::sys_seconds time,
                        std::chrono::minutes offset = std::chrono::minutes(0));
inline std::string format_date(std::chrono::system_clock::time_point time,
                               std::chrono::minutes offset = std::chrono::minutes(0)) {
  return format_date(std::chrono::floor<std::chrono::seconds>(time), offset);
}

/// Reads a date-time with comments and folding anywhere, the day of the week optional and not
/// checked, two- and three-digit years, seconds optional, the obsolete zones of RFC 5322 §4.3
/// (military ones mean -0000), and text after the zone ignored. A leap second counts as :59.
/// Errors: malformed.
[[nodiscard]] Result<Date> parse_date(std::string_view text);

}  // namespace veredus::mime
