#include "main/commands/queue_text.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "mail/manage/words.h"
#include "main/commands/trace_text.h"

namespace veredus::commands {
namespace {

namespace json = boost::json;

std::string said_line(std::string_view remote, std::string_view reply) {
  return fmt::format("    {}\n", manage::verdict_words(remote, reply));
}

std::string state_words(const json::object& recipient) {
  const std::string_view state = text_in(recipient, "state");
  const bool is_open = state == "pending" || state == "deferred";
  const bool is_held = is_open && recipient.at("held").as_bool();
  std::string words(is_held ? "held" : state);
  if (const auto count = number_in(recipient, "attempts"); count > 0)
    words += " after " + manage::count_words(count, "attempt");
  if (is_held) return words + ": nothing is tried until it is released";
  const bool is_due = recipient.at("due").as_bool();
  if (is_due && recipient.contains("destination_paused")) return words;
  if (state == "deferred")
    words += is_due ? ", due now" : fmt::format(", next at {}", text_in(recipient, "next_attempt"));
  if (state == "pending") words += ": not tried yet";
  if (state == "failed") words += ": the sender is about to be told";
  return words;
}

/// What keeps back a recipient longer than its own schedule: its destination, as
/// "destination_paused" has it.
std::string pause_line(std::string_view destination, const json::object& pause) {
  std::string line = fmt::format("    {} ", destination);
  line += pause.at("by_operator").as_bool()
              ? std::string("is paused by an operator")
              : fmt::format("failed and is left alone until {}", text_in(pause, "until"));
  const auto error = text_in(pause, "last_error");
  return line + (error.empty() ? "\n" : fmt::format(": {}\n", error));
}

std::string recipient_line(const json::object& recipient) {
  std::string line = fmt::format("  <{}> ", text_in(recipient, "address"));
  if (const auto original = text_in(recipient, "original"); !original.empty())
    line += fmt::format("(for <{}>) ", original);
  line += state_words(recipient);
  if (recipient.at("rerouted").as_bool())
    line += fmt::format(", sent to {} by an operator", text_in(recipient, "destination"));
  line += '\n';
  if (const json::value* pause = recipient.if_contains("destination_paused"))
    line += pause_line(text_in(recipient, "destination"), pause->as_object());
  const auto reply = text_in(recipient, "reply");
  return reply.empty() ? line : line + said_line(text_in(recipient, "remote"), reply);
}

std::string entry(const json::object& message) {
  std::string out =
      fmt::format("{}  {} old, {}, from <{}>\n", text_in(message, "id"),
                  manage::duration_words(
                      std::chrono::seconds(message.at("age_seconds").to_number<std::int64_t>())),
                  manage::size_words(number_in(message, "size")), text_in(message, "sender"));
  for (const json::value& recipient : message.at("recipients").as_array())
    out += recipient_line(recipient.as_object());
  return out;
}

}  // namespace

json::object parse_line(std::string_view line) { return json::parse(line).as_object(); }

std::string_view text_in(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  const bool is_text = value != nullptr && value->is_string();
  return is_text ? std::string_view(value->get_string()) : std::string_view();
}

std::uint64_t number_in(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value == nullptr ? 0 : value->to_number<std::uint64_t>();
}

std::string list_entry(std::string_view line) { return entry(parse_line(line)); }

std::string show_entry(std::string_view line) {
  const json::object message = parse_line(line);
  std::string out = entry(message);
  struct Row {
    std::string_view label;
    std::string_view member;
  };
  constexpr std::array rows{Row{"received", "received"},       Row{"from client", "client"},
                            Row{"that called itself", "helo"}, Row{"by protocol", "protocol"},
                            Row{"as account", "account"},      Row{"Message-ID", "message_id"}};
  for (const Row& row : rows)
    if (const auto value = text_in(message, row.member); !value.empty())
      out += fmt::format("  {:<19} {}\n", row.label, value);
  return out + "  what happened (UTC):\n" + timeline(message.at("events").as_array());
}

std::string group_entry(const json::object& group) {
  std::string out = fmt::format(
      "{:<36} {:>9} {:>11} {:>10}  {:>8}\n", text_in(group, "group"), number_in(group, "messages"),
      number_in(group, "recipients"), manage::size_words(number_in(group, "octets")),
      manage::duration_words(
          std::chrono::seconds(group.at("oldest_age_seconds").to_number<std::int64_t>())));
  const auto error = text_in(group, "last_error");
  return error.empty() ? out : out + said_line(text_in(group, "last_error_remote"), error);
}

std::string destination_entry(std::string_view line) {
  const json::object view = parse_line(line);
  std::string out = fmt::format(
      "{:<36} {:>9} {:>8} {:>9} {:>6} {:>4} of {:<4}", text_in(view, "destination"),
      number_in(view, "messages"), number_in(view, "waiting"), number_in(view, "deferred"),
      number_in(view, "held"), number_in(view, "workers"), number_in(view, "workers_max"));
  std::vector<std::string> notes;
  if (view.at("paused").as_bool()) notes.emplace_back("paused by an operator");
  if (const auto until = text_in(view, "left_alone_until"); !until.empty())
    notes.push_back(fmt::format("failing, left alone until {}", until));
  if (const auto until = text_in(view, "rate_limited_until"); !until.empty())
    notes.push_back(fmt::format("at its messages a minute until {}", until));
  if (const auto limit = text_in(view, "limit"); !limit.empty())
    notes.push_back(fmt::format("limit {}", limit));
  if (!notes.empty()) out += fmt::format(" {}", fmt::join(notes, "; "));
  out += '\n';
  const auto error = text_in(view, "last_error");
  return error.empty() ? out : out + said_line(text_in(view, "last_error_remote"), error);
}

}  // namespace veredus::commands
