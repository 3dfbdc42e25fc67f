// `veredus queue retry | hold | release | remove | bounce | reroute`.

#include <array>
#include <iostream>
#include <memory>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "mail/manage/words.h"
#include "main/commands/command.h"
#include "main/commands/queue_command.h"
#include "main/commands/queue_options.h"
#include "main/commands/queue_text.h"

namespace veredus::commands {
namespace {

namespace json = boost::json;

struct Verb {
  const char* name;
  const char* done;  ///< `3 messages (4 recipients) ...`
  const char* description;
};

constexpr std::array kVerbs{
    Verb{"retry", "due for an attempt now", "Try now, whatever the schedule says"},
    Verb{"hold", "held", "Do not try until released"},
    Verb{"release", "released", "End a hold, and try now"},
    Verb{"remove", "removed", "Forget it; nobody is told"},
    Verb{"bounce", "given up, and their senders told", "Give up now, and tell the sender"},
    Verb{"reroute", "rerouted", "Try now, by another next hop"}};

struct OrderOptions {
  QueueOptions common;
  FilterOptions filter;
  bool all = false;
  bool dry_run = false;
  std::string reason;
  std::string to;
  bool by_default = false;
};

Result<json::object> request_of(const Verb& verb, const OrderOptions& options) {
  const auto filter = options.filter.filter();
  if (!filter) return fail(filter.error());
  const std::string_view name = verb.name;
  if (filter->empty() && !options.all)
    return fail(
        Fault::malformed,
        fmt::format("say which messages: `veredus queue {0} ID...`, or with filters such as "
                    "--domain, or --all; `veredus queue {0} --help` has them",
                    name));
  if (!filter->empty() && options.all)
    return fail(Fault::malformed, "--all means every message: leave out ids and filters");
  if (name == "reroute" && options.to.empty() && !options.by_default)
    return fail(Fault::malformed, "say where to: --to host:port, or --default");
  json::object request{{"request", "queue_order"},
                       {"what", name},
                       {"filter", manage::to_json(*filter)},
                       {"all", options.all},
                       {"dry_run", options.dry_run}};
  if (!options.to.empty()) request["to"] = options.to;
  if (!options.reason.empty()) request["reason"] = options.reason;
  return request;
}

void print_total(const Verb& verb, const OrderOptions& options, const json::object& total) {
  const auto recipients = number_in(total, "recipients");
  const auto changed = number_in(total, "changed");
  if (options.dry_run && recipients > 0) std::cout << '\n';
  std::cout << fmt::format("{} ({}) {}{}.\n",
                           manage::count_words(number_in(total, "messages"), "message"),
                           manage::count_words(options.dry_run ? recipients : changed, "recipient"),
                           options.dry_run ? "would be " : "", verb.done);
  if (!options.dry_run && changed < recipients)
    std::cout << fmt::format(
        "{} left as they were: being tried at this moment, or done with meanwhile.\n",
        manage::count_words(recipients - changed, "recipient"));
  if (const auto held = number_in(total, "held"); held > 0)
    std::cout << fmt::format(
        "{} left alone, for an operator holds them: `veredus queue release`.\n",
        manage::count_words(held, "recipient"));
  for (const json::value& name : total.at("paused_destinations").as_array())
    std::cout << fmt::format(
        "{0} is paused by an operator: nothing is tried there until `veredus queue resume {0}`.\n",
        std::string_view(name.as_string()));
}

int report_missing(const json::object& total) {
  int status = kDone;
  for (const json::value& id : total.at("missing").as_array())
    status = complain(not_in_queue(std::string(id.as_string())), kFailed);
  return status;
}

int carry_out(const Verb& verb, const OrderOptions& options) {
  const auto request = request_of(verb, options);
  if (!request) return complain(request.error(), kWrongUse);
  json::object total;
  const auto take = [&](const std::string& line) {
    if (options.common.json) std::cout << line << '\n';
    const json::object object = parse_line(line);
    if (const json::value* sum = object.if_contains("total"))
      total = sum->as_object();
    else if (!options.common.json)
      std::cout << list_entry(line);
  };
  Inquiry inquiry{.request = json::serialize(*request), .line = take};
  if (!options.dry_run) inquiry.progress = progress_bar("messages");
  const int status = options.common.ask(inquiry);
  inquiry.progress = {};  // Removes the bar.
  if (status != kDone) return status;
  if (!options.common.json) print_total(verb, options, total);
  return report_missing(total);
}

void add_own_options(const Command& command, const std::string& name, OrderOptions& options) {
  if (name == "bounce" || name == "remove")
    command.option(
        {.names = "--reason",
         .value = "TEXT",
         .description = name == "bounce" ? "For the sender and the trace" : "For the trace"},
        options.reason);
  if (name != "reroute") return;
  command.option({.names = "--to",
                  .value = "HOST:PORT",
                  .description = "The next hop; lmtp:ADDRESS:PORT and mx:DOMAIN are possible too"},
                 options.to);
  command.flag({.names = "--default",
                .value = "",
                .description = "Back to where it goes by itself",
                .excludes = "--to"},
               options.by_default);
}

void add_verb(const Command& queue, const Verb& verb) {
  const auto options = std::make_shared<OrderOptions>();
  const Command command = queue.add(verb.name, verb.description);
  options->filter.add_to(command);
  command.flag({.names = "--all", .value = "", .description = "Every message in the queue"},
               options->all);
  command.flag({.names = "--dry-run",
                .value = "",
                .description = "List what would be changed, and change nothing"},
               options->dry_run);
  add_own_options(command, verb.name, *options);
  options->common.add_to(command);
  const bool reroutes = std::string_view(verb.name) == "reroute";
  command.footer(fmt::format("Example:  veredus queue {} --domain far.example{} --dry-run",
                             verb.name, reroutes ? " --to relay.example:25" : ""));
  command.run([options, &verb] { return carry_out(verb, *options); });
}

}  // namespace

void add_queue_orders(const Command& queue) {
  for (const Verb& verb : kVerbs) add_verb(queue, verb);
}

}  // namespace veredus::commands
