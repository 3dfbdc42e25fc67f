#include "mail/manage/words.h"

#include <algorithm>

#include <fmt/chrono.h>

#include "base/text.h"

namespace veredus::manage {
namespace {

using std::chrono::seconds;

}  // namespace

std::string duration_words(seconds duration) {
  const auto count = std::max<std::int64_t>(0, duration.count());
  if (count < 120) return fmt::format("{} s", count);
  if (count < 7200) return fmt::format("{} min", (count + 30) / 60);
  if (count < 172'800) return fmt::format("{} h", (count + 1800) / 3600);
  return fmt::format("{} days", (count + 43'200) / 86'400);
}

std::string size_words(std::uint64_t octets) {
  if (octets < 1000) return count_words(octets, "octet");
  if (octets < 1'000'000) return fmt::format("{:.1f} kB", static_cast<double>(octets) / 1e3);
  return fmt::format("{:.1f} MB", static_cast<double>(octets) / 1e6);
}

std::string count_words(std::uint64_t count, std::string_view one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

std::string clock_words(WallTime when, WallTime now) {
  const auto second = std::chrono::floor<seconds>(when);
  const bool today =
      std::chrono::floor<std::chrono::days>(when) == std::chrono::floor<std::chrono::days>(now);
  return today ? fmt::format("{:%H:%M:%S} UTC", second)
               : fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", second);
}

std::string when_words(WallTime when, WallTime now) {
  const std::string clock = clock_words(when, now);
  if (when > now) return clock + ", in " + duration_words(std::chrono::ceil<seconds>(when - now));
  return clock + ", " + duration_words(std::chrono::floor<seconds>(now - when)) + " ago";
}

std::string verdict_words(std::string_view remote, std::string_view reply) {
  if (remote.empty()) return std::string(reply);
  const auto digits = std::ranges::find_if_not(reply, is_digit) - reply.begin();
  return fmt::format("{}{}: {}", remote, digits == 3 ? " said" : "", reply);
}

}  // namespace veredus::manage
