#include "main/commands/trace_text.h"

#include <algorithm>
#include <chrono>

#include <boost/json/object.hpp>
#include <fmt/chrono.h>

#include "base/text.h"
#include "base/time.h"
#include "mail/manage/words.h"
#include "main/commands/queue_text.h"

namespace veredus::commands {
namespace {

namespace json = boost::json;

constexpr std::string_view kIndent = "                            ";
constexpr std::size_t kAddressesShown = 5;

/// The milliseconds since 1970 of `2026-01-02T03:04:05.678Z`.
std::int64_t milliseconds_of(std::string_view text) {
  const auto number = [&](std::size_t at, std::size_t count) {
    return to_number<int>(text.substr(at, count)).value_or(0);
  };
  if (text.size() < 23) return 0;
  const std::chrono::year_month_day date{std::chrono::year(number(0, 4)),
                                         std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                         std::chrono::day(static_cast<unsigned>(number(8, 2)))};
  const std::chrono::sys_time<std::chrono::milliseconds> time =
      std::chrono::sys_days(date) + std::chrono::hours(number(11, 2)) +
      std::chrono::minutes(number(14, 2)) + std::chrono::seconds(number(17, 2)) +
      std::chrono::milliseconds(number(20, 3));
  return time.time_since_epoch().count();
}

std::string offset(std::int64_t milliseconds) {
  const double seconds = static_cast<double>(milliseconds) / 1e3;
  if (seconds < 120) return fmt::format("+{:.1f} s", seconds);
  if (seconds < 7200) return fmt::format("+{:.1f} min", seconds / 60);
  if (seconds < 172'800) return fmt::format("+{:.1f} h", seconds / 3600);
  return fmt::format("+{:.1f} days", seconds / 86'400);
}

/// `<a@b>, <c@d> and 3 others`.
std::string addresses(const json::object& object) {
  const json::value* list = object.if_contains("recipients");
  if (list == nullptr || !list->is_array()) return {};
  const json::array& all = list->get_array();
  std::string out;
  for (std::size_t i = 0; i < std::min(all.size(), kAddressesShown); ++i)
    out += fmt::format("{}<{}>", i == 0 ? "" : ", ", std::string_view(all[i].as_string()));
  if (all.size() > kAddressesShown)
    out += " and " + manage::count_words(all.size() - kAddressesShown, "other");
  return out;
}

std::string accepted_words(const json::object& event) {
  const auto client = text_in(event, "client");
  std::string out = client.empty() ? "made here" : fmt::format("accepted from {}", client);
  if (const auto helo = text_in(event, "helo"); !helo.empty()) out += fmt::format(" ({})", helo);
  if (const auto by = text_in(event, "protocol"); !by.empty()) out += fmt::format(" by {}", by);
  if (const auto account = text_in(event, "account"); !account.empty())
    out += fmt::format(" as {}", account);
  if (const auto tls = text_in(event, "tls"); !tls.empty()) out += fmt::format(", {}", tls);
  if (const auto id = text_in(event, "message_id"); !id.empty())
    out += fmt::format(", Message-ID {}", id);
  return out + '\n';
}

std::string attempt_words(const json::object& event) {
  std::string out = fmt::format("attempt {} for {} by {}", number_in(event, "attempt"),
                                addresses(event), text_in(event, "destination"));
  if (const auto tls = text_in(event, "tls"); !tls.empty()) out += fmt::format(", {}", tls);
  out += fmt::format(", {} ms: {}", number_in(event, "duration_ms"), text_in(event, "state"));
  if (const auto next = text_in(event, "next_attempt"); !next.empty())
    out += fmt::format(", next {}", next);
  out += '\n';
  if (const auto others = text_in(event, "passed_over"); !others.empty())
    out += fmt::format("{}passed over: {}\n", kIndent, others);
  const auto reply = text_in(event, "reply");
  if (reply.empty()) return out;
  return out +
         fmt::format("{}{}\n", kIndent, manage::verdict_words(text_in(event, "remote"), reply));
}

std::string event_words(const json::object& event) {
  const auto kind = text_in(event, "event");
  if (kind == "accepted") return accepted_words(event);
  if (kind == "attempt") return attempt_words(event);
  const std::string_view who = kind == "order" ? "an operator" : kind;
  std::string out = fmt::format("{}: {}", who, text_in(event, "text"));
  if (const auto whom = addresses(event); !whom.empty()) out += " for " + whom;
  if (const auto id = text_in(event, "related"); !id.empty())
    out += fmt::format(", as message {}", id);
  return out + '\n';
}

}  // namespace

std::string timeline(const json::array& events) {
  std::string out;
  std::int64_t begin = 0;
  std::string_view date;
  for (const json::value& value : events) {
    const json::object& event = value.as_object();
    const auto at = text_in(event, "at");
    const std::int64_t time = milliseconds_of(at);
    if (begin == 0) begin = time;
    if (!date.empty() && at.substr(0, 10) != date) out += fmt::format("  {}\n", at.substr(0, 10));
    date = at.substr(0, 10);
    const std::string_view clock = at.size() > 23 ? at.substr(11, 12) : at;
    out += fmt::format("  {}  {:<10}  {}", clock, offset(time - begin), event_words(event));
  }
  return out;
}

std::string story_entry(std::string_view line) {
  const json::object story = parse_line(line);
  const json::array& events = story.at("events").as_array();
  std::string out(text_in(story, "id"));
  if (!events.empty()) {
    const json::object& first = events.front().as_object();
    if (text_in(first, "event") == "accepted")
      out += fmt::format("  from <{}> to {}, {}", text_in(first, "sender"), addresses(first),
                         manage::size_words(number_in(first, "size")));
    out += fmt::format(", on {} (UTC)", text_in(first, "at").substr(0, 10));
  }
  out += '\n' + timeline(events);
  for (const json::value& value : story.at("next").as_array()) {
    const json::object& next = value.as_object();
    out += fmt::format("  {:<12}              {}: {}\n", "now", addresses(next),
                       text_in(next, "text"));
  }
  return out;
}

}  // namespace veredus::commands
