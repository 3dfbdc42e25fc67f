#include "wire/mime/date.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/compile.h>
#include <fmt/format.h>

#include "base/cursor.h"
#include "base/text.h"
#include "wire/mime/lexer.h"

namespace veredus::mime {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::pair<std::string_view, int>, 8> kZones{{{"EST", -5},
                                                                  {"EDT", -4},
                                                                  {"CST", -6},
                                                                  {"CDT", -5},
                                                                  {"MST", -7},
                                                                  {"MDT", -6},
                                                                  {"PST", -8},
                                                                  {"PDT", -7}}};

constexpr sys_seconds kFirst = sys_days(std::chrono::year(1900) / 1 / 2);

/// Words between white space, commas and comments.
std::vector<std::string_view> words_of(std::string_view text) {
  constexpr std::size_t kWordsMax = 8;
  std::vector<std::string_view> words;
  Lexer in(text);
  while (words.size() < kWordsMax) {
    in.skip_cfws();
    if (in.eat(',')) continue;
    if (in.done()) break;
    words.push_back(in.take_until(",("));
  }
  return words;
}

std::optional<unsigned> month_number(std::string_view word) {
  const auto* const found =
      std::ranges::find_if(kMonths, [&](std::string_view name) { return iequals(name, word); });
  if (found == kMonths.end()) return std::nullopt;
  return static_cast<unsigned>(found - kMonths.begin()) + 1;
}

/// RFC 5322 §4.3: two digits below 50 are of this century, others and three digits of the last.
std::optional<int> year_number(std::string_view word) {
  const auto year = to_number<int>(word);
  if (!year || word.size() > 4) return std::nullopt;
  if (word.size() == 2) return *year + (*year < 50 ? 2000 : 1900);
  if (word.size() == 3) return *year + 1900;
  return *year >= 1900 ? year : std::nullopt;
}

std::optional<seconds> time_of_day(std::string_view word) {
  const auto take_two = [](Cursor& in) { return to_number<int>(in.take_while(is_digit)); };
  Cursor in(word);
  const auto hour = take_two(in);
  if (!hour || !in.eat(':')) return std::nullopt;
  const auto minute = take_two(in);
  const auto second = in.eat(':') ? take_two(in) : std::optional(0);
  if (!minute || !second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return hours(*hour) + minutes(*minute) + seconds(std::min(*second, 59));
}

minutes zone_offset(std::string_view word) {
  for (const auto& [name, east] : kZones)
    if (istarts_with(word, name)) return hours(east);
  if (word.size() != 5 || (word.front() != '+' && word.front() != '-')) return minutes(0);
  const auto digits = to_number<int>(word.substr(1));
  if (!digits || *digits / 100 > 23 || *digits % 100 > 59) return minutes(0);
  const minutes offset = hours(*digits / 100) + minutes(*digits % 100);
  return word.front() == '-' ? -offset : offset;
}

}  // namespace

std::string format_date(sys_seconds time, minutes offset) {
  using namespace std::chrono;
  const sys_seconds utc = std::max(time, kFirst);
  const sys_seconds local = utc + offset;
  const sys_days day = floor<days>(local);
  const year_month_day date(day);
  const hh_mm_ss clock(local - day);
  const minutes east = abs(offset);
  // FMT_COMPILE: in the Received field of every message.
  return fmt::format(FMT_COMPILE("{}, {} {} {} {:02}:{:02}:{:02} {}{:02}{:02}"),
                     kDays[weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                     kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count(), offset < minutes(0) ? '-' : '+', east.count() / 60,
                     east.count() % 60);
}

Result<Date> parse_date(std::string_view text) {
  const std::vector<std::string_view> all = words_of(text);
  auto word = all.begin();
  if (word != all.end() && is_alpha(word->front())) ++word;  // The day of the week.
  if (all.end() - word < 4) return fail(Fault::malformed, "date is incomplete");
  const auto day = to_number<unsigned>(*word++);
  const auto month = month_number(*word++);
  const auto year = year_number(*word++);
  const auto time = time_of_day(*word++);
  if (!day || !month || !year) return fail(Fault::malformed, "no day, month and year in the date");
  if (!time) return fail(Fault::malformed, "no time of day in the date");
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(*month),
                                         std::chrono::day(*day)};
  if (*day > 31 || !date.ok()) return fail(Fault::malformed, "the date has a day that is none");
  const minutes offset = word == all.end() ? minutes(0) : zone_offset(*word);
  return Date{sys_days(date) + *time - offset, offset};
}

}  // namespace veredus::mime
