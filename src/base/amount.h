// Durations and sizes as people write them.

#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace veredus {

/// Reads `90s`, `30m`, `2h`, `5d` or `2w`; a number alone is seconds. Errors: malformed.
[[nodiscard]] Result<std::chrono::seconds> parse_duration(std::string_view text);
/// Reads `4096`, `10kB`, `10KiB`, `1MB`, `1MiB`, `1GB`, `1GiB`, whatever the case. Errors:
/// malformed.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);

}  // namespace veredus
