// The subcommands of `veredus queue`. Private to this folder.

#pragma once

#include "main/commands/command_line.h"

namespace veredus::commands {

/// list, count, show, cat, why.
void add_queue_looks(const Command& queue);
/// retry, hold, release, remove, bounce, reroute.
void add_queue_orders(const Command& queue);
/// destinations, pause, resume.
void add_queue_destinations(const Command& queue);

}  // namespace veredus::commands
