#include "main/commands/queue_text.h"

#include <array>
#include <cstdint>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "base/text.h"

namespace veredus::commands {
namespace {

namespace json = boost::json;

/// A string member; empty for null.
std::string_view text_of(const json::object& object, std::string_view name) {
  const json::value& value = object.at(name);
  return value.is_string() ? std::string_view(value.get_string()) : std::string_view();
}

std::string age(std::int64_t seconds) {
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 7200) return fmt::format("{} min", seconds / 60);
  if (seconds < 172'800) return fmt::format("{} h", seconds / 3600);
  return fmt::format("{} days", seconds / 86'400);
}

std::string octets(std::int64_t count) {
  if (count < 1000) return fmt::format("{} octets", count);
  if (count < 1'000'000) return fmt::format("{:.1f} kB", static_cast<double>(count) / 1e3);
  return fmt::format("{:.1f} MB", static_cast<double>(count) / 1e6);
}

std::string attempts(std::int64_t count) {
  return count == 1 ? "1 attempt" : fmt::format("{} attempts", count);
}

std::string recipient_line(const json::object& recipient) {
  const std::string_view state = text_of(recipient, "state");
  const std::int64_t count = recipient.at("attempts").to_number<std::int64_t>();
  std::string line = fmt::format("  <{}> {}", text_of(recipient, "address"), state);
  if (const auto original = text_of(recipient, "original"); !original.empty())
    line += fmt::format(" (for <{}>)", original);
  if (count > 0) line += " after " + attempts(count);
  if (const auto next = text_of(recipient, "next_attempt"); !next.empty())
    line += fmt::format(", next at {}", next);
  if (state == "pending") line += ": being tried now, or about to be";
  if (state == "failed") line += ": kept here until a bounce can be sent";
  line += '\n';
  if (const auto reply = text_of(recipient, "reply"); !reply.empty()) {
    const auto remote = text_of(recipient, "remote");
    const bool said = !remote.empty() && is_digit(reply.front());
    line += said ? fmt::format("    {} said: {}\n", remote, reply) : fmt::format("    {}\n", reply);
  }
  return line;
}

json::object parse(std::string_view text) { return json::parse(text).as_object(); }

}  // namespace

std::string list_entry(std::string_view text) {
  const json::object message = parse(text);
  std::string out =
      fmt::format("{}  {} old, {}, from <{}>\n", text_of(message, "id"),
                  age(message.at("age_seconds").to_number<std::int64_t>()),
                  octets(message.at("size").to_number<std::int64_t>()), text_of(message, "sender"));
  for (const json::value& recipient : message.at("recipients").as_array())
    out += recipient_line(recipient.as_object());
  return out;
}

std::string show_entry(std::string_view text) {
  const json::object message = parse(text);
  std::string out = list_entry(text);
  struct Row {
    std::string_view label;
    std::string_view member;
  };
  constexpr std::array rows{Row{"received", "received"}, Row{"from client", "client"},
                            Row{"that called itself", "helo"}, Row{"by protocol", "protocol"},
                            Row{"Message-ID", "message_id"}};
  for (const Row& row : rows)
    if (const auto value = text_of(message, row.member); !value.empty())
      out += fmt::format("  {:<19} {}\n", row.label, value);
  return out;
}

}  // namespace veredus::commands
