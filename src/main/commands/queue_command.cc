#include "main/commands/queue_command.h"

#include "main/commands/command.h"

namespace veredus::commands {

void add_queue(const Command& program) {
  const Command command = program.add("queue", "See and steer the mail that waits");
  command.require_subcommand();
  add_queue_looks(command);
  add_queue_orders(command);
  add_queue_destinations(command);
  command.footer(
      "What is stuck:      veredus queue count\n"
      "Why:                veredus queue why far.example\n"
      "Try it again now:   veredus queue retry --domain far.example\n\n"
      "list, count, show, cat and why also work while no server runs.");
}

}  // namespace veredus::commands
