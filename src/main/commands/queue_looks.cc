// `veredus queue list | count | show | cat | why`.

#include <algorithm>
#include <functional>
#include <iostream>
#include <memory>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "mail/manage/summary.h"
#include "mail/manage/words.h"
#include "main/commands/command.h"
#include "main/commands/queue_command.h"
#include "main/commands/queue_options.h"
#include "main/commands/queue_text.h"
#include "wire/mime/transfer_encoding.h"

namespace veredus::commands {
namespace {

namespace json = boost::json;

struct LookOptions {
  QueueOptions common;
  FilterOptions filter;
  std::uint64_t limit = 0;
  std::string by = "destination";
  std::string subject;
};
using Shared = std::shared_ptr<LookOptions>;

/// The ids of `filter` that `seen` lacks are complained of; `status` otherwise.
int check_all_seen(const manage::Filter& filter, const std::vector<std::string>& seen) {
  int status = kDone;
  for (const QueueId id : filter.ids)
    if (std::ranges::find(seen, text(id)) == seen.end())
      status = complain(not_in_queue(text(id)), kFailed);
  return status;
}

int list(const LookOptions& options) {
  const auto filter = options.filter.filter();
  if (!filter) return complain(filter.error(), kWrongUse);
  json::object request{{"request", "queue_list"}, {"filter", manage::to_json(*filter)}};
  if (options.limit > 0) request["limit"] = options.limit;
  std::uint64_t count = 0;
  std::vector<std::string> seen;
  const auto print = [&](const std::string& line) {
    ++count;
    if (!filter->ids.empty()) seen.emplace_back(text_in(parse_line(line), "id"));
    std::cout << (options.common.json ? line + '\n' : list_entry(line));
  };
  const int status = options.common.ask({.request = json::serialize(request), .line = print});
  if (status != kDone) return status;
  manage::Filter only_ids;
  only_ids.ids = filter->ids;
  if (!filter->ids.empty() && *filter == only_ids && options.limit == 0) {
    if (const int missing = check_all_seen(*filter, seen); missing != kDone) return missing;
  }
  if (options.common.json) return kDone;
  if (count == 0)
    std::cout << (filter->empty() ? "The queue is empty.\n" : "Nothing in the queue matches.\n");
  else
    std::cout << '\n' << manage::count_words(count, "message") << '\n';
  return kDone;
}

void print_groups(std::vector<json::object> groups, const std::string& by,
                  const json::object& total) {
  std::ranges::sort(groups, std::ranges::greater(),
                    [](const json::object& group) { return number_in(group, "messages"); });
  std::cout << fmt::format("{:<36} {:>9} {:>11} {:>10}  {:>8}\n", by, "messages", "recipients",
                           "size", "oldest");
  for (const json::object& group : groups) std::cout << group_entry(group);
  std::cout << fmt::format("\n{} ({})\n",
                           manage::count_words(number_in(total, "messages"), "message"),
                           manage::count_words(number_in(total, "recipients"), "recipient"));
}

int count(const LookOptions& options) {
  const auto filter = options.filter.filter();
  if (!filter) return complain(filter.error(), kWrongUse);
  if (const auto by = manage::parse_group_by(options.by); !by)
    return complain(Error(Fault::malformed, "--by: " + by.error().text()), kWrongUse);
  const json::object request{
      {"request", "queue_count"}, {"filter", manage::to_json(*filter)}, {"by", options.by}};
  std::vector<json::object> groups;
  json::object total;
  const auto take = [&](const std::string& line) {
    if (options.common.json) std::cout << line << '\n';
    json::object object = parse_line(line);
    if (const json::value* sum = object.if_contains("total"))
      total = sum->as_object();
    else
      groups.push_back(std::move(object));
  };
  const int status = options.common.ask(
      {.request = json::serialize(request), .line = take, .progress = progress_bar("messages")});
  if (status != kDone || options.common.json) return status;
  if (groups.empty())
    std::cout << (filter->empty() ? "The queue is empty.\n" : "Nothing in the queue matches.\n");
  else
    print_groups(std::move(groups), options.by, total);
  return kDone;
}

int show(const LookOptions& options) {
  const auto id = checked_id(options.subject);
  if (!id) return complain(id.error(), kWrongUse);
  bool found = false;
  const auto print = [&](const std::string& line) {
    found = true;
    std::cout << (options.common.json ? line + '\n' : show_entry(line));
  };
  const json::object request{{"request", "queue_show"}, {"id", *id}};
  const int status = options.common.ask({.request = json::serialize(request), .line = print});
  if (status != kDone) return status;
  return found ? kDone : complain(not_in_queue(*id), kFailed);
}

int cat(const LookOptions& options) {
  const auto id = checked_id(options.subject);
  if (!id) return complain(id.error(), kWrongUse);
  const auto print = [](const std::string& line) {
    std::cout << mime::decode_base64(text_in(parse_line(line), "octets"));
  };
  const json::object request{{"request", "queue_cat"}, {"id", *id}};
  const int status = options.common.ask({.request = json::serialize(request), .line = print});
  std::cout << std::flush;
  if (status == kDone && !std::cout)
    return complain(Error(Fault::unavailable, "the output could not be written"), kFailed);
  return status;
}

int why(const LookOptions& options) {
  std::vector<std::string> lines;
  const json::object request{{"request", "queue_why"}, {"subject", options.subject}};
  const int status =
      options.common.ask({.request = json::serialize(request),
                          .line = [&](std::string line) { lines.push_back(std::move(line)); },
                          .progress = progress_bar("messages")});
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (options.common.json)
      std::cout << lines[i] << '\n';
    else
      std::cout << (i == 0 ? "" : "\n") << text_in(parse_line(lines[i]), "text") << '\n';
  }
  return status;
}

void run(const Command& command, const Shared& options, int (*action)(const LookOptions&)) {
  options->common.add_to(command);
  command.run([options, action] { return action(*options); });
}

void add_list(const Command& queue) {
  const auto options = std::make_shared<LookOptions>();
  const Command command = queue.add("list", "Every message, oldest first, and why it waits");
  options->filter.add_to(command);
  command.option(
      {.names = "--limit", .value = "N", .description = "At most so many messages", .least = 1},
      options->limit);
  command.footer("Example:  veredus queue list --domain far.example --older-than 2h");
  run(command, options, list);
}

void add_count(const Command& queue) {
  const auto options = std::make_shared<LookOptions>();
  const Command command =
      queue.add("count", "How much waits where, since when, and what was said last");
  options->filter.add_to(command);
  command.option({.names = "--by",
                  .value = "WHAT",
                  .description = "destination (the default), sender, domain or state"},
                 options->by);
  command.footer("Example:  veredus queue count --by sender --state deferred");
  run(command, options, count);
}

void add_one(const Command& queue, const std::string& name, const std::string& description,
             int (*action)(const LookOptions&)) {
  const auto options = std::make_shared<LookOptions>();
  const Command command = queue.add(name, description);
  command.option({.names = "id", .value = "ID", .description = "The queue id", .required = true},
                 options->subject);
  run(command, options, action);
}

void add_why(const Command& queue) {
  const auto options = std::make_shared<LookOptions>();
  const Command command =
      queue.add("why", "In plain words: what blocks it, and when it is tried next");
  command.option({.names = "subject",
                  .value = "ID|ADDRESS|DOMAIN",
                  .description = "A queue id, an address, a domain or a destination",
                  .required = true},
                 options->subject);
  command.footer("Example:  veredus queue why you@far.example");
  run(command, options, why);
}

}  // namespace

void add_queue_looks(const Command& queue) {
  add_list(queue);
  add_count(queue);
  add_one(queue, "show", "One message, with all that is known of it", show);
  add_one(queue, "cat", "One message itself, as it is stored", cat);
  add_why(queue);
}

}  // namespace veredus::commands
