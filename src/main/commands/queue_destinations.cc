// `veredus queue destinations | pause | resume`.

#include <iostream>
#include <memory>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "main/commands/command.h"
#include "main/commands/queue_command.h"
#include "main/commands/queue_options.h"
#include "main/commands/queue_text.h"

namespace veredus::commands {
namespace {

namespace json = boost::json;

struct DestinationOptions {
  QueueOptions common;
  std::string destination;
};

int list(const QueueOptions& options) {
  std::string lines;
  const auto take = [&](const std::string& line) {
    lines += options.json ? line + '\n' : destination_entry(line);
  };
  const json::object request{{"request", "destination_list"}};
  const int status = options.ask(
      {.request = json::serialize(request), .line = take, .progress = progress_bar("messages")});
  if (status != kDone) return status;
  if (lines.empty() && !options.json) {
    std::cout << "No destination has mail or connections.\n";
    return kDone;
  }
  if (!options.json)
    std::cout << fmt::format("{:<36} {:>9} {:>8} {:>9} {:>6} {:>12}\n", "destination", "messages",
                             "ready", "deferred", "held", "connections");
  std::cout << lines;
  return kDone;
}

int change(const DestinationOptions& options, bool pauses) {
  const auto print = [&](const std::string& line) {
    if (options.common.json) {
      std::cout << line << '\n';
      return;
    }
    const json::object done = parse_line(line);
    const auto name = text_in(done, "destination");
    std::cout << (pauses ? fmt::format("{0} is paused: mail for it waits until `veredus queue "
                                       "resume {0}`.\n",
                                       name)
                         : fmt::format("{} gets its mail again.\n", name));
    if (!done.at("was_known").as_bool())
      std::cout << "Nothing waits for it and no connection is open there at present.\n";
  };
  const json::object request{{"request", pauses ? "destination_pause" : "destination_resume"},
                             {"destination", options.destination}};
  return options.common.ask({.request = json::serialize(request), .line = print});
}

void add_change(const Command& queue, const std::string& name, const std::string& description) {
  const auto options = std::make_shared<DestinationOptions>();
  const Command command = queue.add(name, description);
  command.option({.names = "destination",
                  .value = "DESTINATION|DOMAIN",
                  .description = "As `queue destinations` names it, or its host alone",
                  .required = true},
                 options->destination);
  options->common.add_to(command);
  command.footer("Example:  veredus queue " + name + " far.example");
  command.run([options, pauses = name == "pause"] { return change(*options, pauses); });
}

}  // namespace

void add_queue_destinations(const Command& queue) {
  const auto options = std::make_shared<QueueOptions>();
  const Command command = queue.add(
      "destinations", "Every next hop: connections, what waits, whether and why it is left alone");
  options->add_to(command);
  command.run([options] { return list(*options); });
  add_change(queue, "pause", "Send a destination nothing, also after a restart, until resume");
  add_change(queue, "resume", "End a pause, an operator's or one that failures brought");
}

}  // namespace veredus::commands
