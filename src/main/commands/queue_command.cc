#include <iostream>
#include <memory>
#include <optional>

#include "main/commands/command.h"
#include "main/commands/configuration.h"
#include "main/commands/queue_source.h"
#include "main/commands/queue_text.h"

namespace veredus::commands {
namespace {

struct QueueOptions {
  ConfigurationOptions configuration;
  std::string id;
  bool json = false;
};

int list(const QueueOptions& options) {
  const auto loaded = options.configuration.load();
  if (!loaded) return complain(loaded.error(), kConfiguration);
  std::uint64_t count = 0;
  const Result<> read = read_queue(loaded->config, std::nullopt, [&](const std::string& entry) {
    ++count;
    std::cout << (options.json ? entry + '\n' : list_entry(entry));
  });
  if (!read) return complain(read.error(), kFailed);
  if (options.json) return kDone;
  if (count == 0)
    std::cout << "The queue is empty: everything was delivered.\n";
  else
    std::cout << '\n' << count << (count == 1 ? " message\n" : " messages\n");
  return kDone;
}

int show(const QueueOptions& options) {
  const auto loaded = options.configuration.load();
  if (!loaded) return complain(loaded.error(), kConfiguration);
  const auto id = parse_queue_id(options.id);
  if (!id)
    return complain(Error(Fault::malformed, options.id + " is not a queue id: those are 13 letters "
                                                         "and digits, as in the reply to DATA"),
                    kWrongUse);
  bool found = false;
  const Result<> read = read_queue(loaded->config, id, [&](const std::string& entry) {
    found = true;
    std::cout << (options.json ? entry + '\n' : show_entry(entry));
  });
  if (!read) return complain(read.error(), kFailed);
  if (found) return kDone;
  return complain(Error(Fault::refused, text(*id) + " is not in the queue: it was delivered to "
                                                    "every recipient, or never was here"),
                  kFailed);
}

void add_json(const Command& command, QueueOptions& options) {
  command.flag(
      {.names = "--json", .value = "", .description = "One JSON object a message, one a line"},
      options.json);
}

}  // namespace

void add_queue(const Command& program) {
  const Command command = program.add("queue", "Look at the mail that waits");
  command.require_subcommand();

  auto list_options = std::make_shared<QueueOptions>();
  const Command list_command = command.add("list", "Every message, oldest first, and why it waits");
  list_options->configuration.add_to(list_command);
  add_json(list_command, *list_options);
  list_command.run([list_options] { return list(*list_options); });

  auto show_options = std::make_shared<QueueOptions>();
  const Command show_command = command.add("show", "One message, with all that is known of it");
  show_command.option(
      {.names = "id", .value = "ID", .description = "The queue id", .required = true},
      show_options->id);
  show_options->configuration.add_to(show_command);
  add_json(show_command, *show_options);
  show_command.run([show_options] { return show(*show_options); });
}

}  // namespace veredus::commands
