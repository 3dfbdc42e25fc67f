#include "base/amount.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <span>
#include <string>

#include "base/text.h"

namespace veredus {
namespace {

using std::chrono::seconds;

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array kTimes{Unit{"", 1},     Unit{"s", 1},      Unit{"m", 60},
                            Unit{"h", 3600}, Unit{"d", 86'400}, Unit{"w", 604'800}};
constexpr std::array kSizes{Unit{"", 1},
                            Unit{"b", 1},
                            Unit{"kb", 1000},
                            Unit{"mb", 1'000'000},
                            Unit{"gb", 1'000'000'000},
                            Unit{"kib", 1024},
                            Unit{"mib", 1024UL * 1024},
                            Unit{"gib", 1024UL * 1024 * 1024}};
/// A hundred years: no time of a message is further away, and no sum overflows.
constexpr std::uint64_t kSecondsMax = 100ULL * 366 * 86'400;

/// A number and one of the units, times the unit; nothing when it is not written that way.
std::optional<std::uint64_t> amount(std::string_view text, std::span<const Unit> units) {
  const auto digits = std::ranges::find_if_not(text, is_digit);
  const auto count = static_cast<std::size_t>(digits - text.begin());
  const auto number = to_number(text.substr(0, count));
  const std::string name = ascii_lower(trim(text.substr(count)));
  const auto unit = std::ranges::find(units, name, &Unit::name);
  if (!number || unit == units.end()) return std::nullopt;
  if (*number > std::numeric_limits<std::uint64_t>::max() / unit->factor) return std::nullopt;
  return *number * unit->factor;
}

}  // namespace

Result<seconds> parse_duration(std::string_view text) {
  const auto value = amount(text, kTimes);
  if (!value || *value > kSecondsMax)
    return fail(Fault::malformed,
                "expected a duration such as 30m, 2h or 5d; found " + printable(text));
  return seconds(static_cast<std::int64_t>(*value));
}

Result<std::uint64_t> parse_size(std::string_view text) {
  const auto value = amount(text, kSizes);
  if (!value)
    return fail(Fault::malformed,
                "expected a size such as 4096, 10kB or 1MiB; found " + printable(text));
  return *value;
}

}  // namespace veredus
