// The subcommands of `veredus`: each adds itself to the command line and runs from there.

#pragma once

#include "main/commands/command_line.h"

namespace veredus::commands {

/// Exit codes; `veredus --help` has the table.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;         ///< What was asked for did not work; the text says why.
inline constexpr int kWrongUse = 2;       ///< No such command or option.
inline constexpr int kConfiguration = 3;  ///< The configuration has errors.

// Each adds one subcommand to the program.
void add_serve(const Command& program);
void add_send(const Command& program);
void add_queue(const Command& program);
void add_trace(const Command& program);
void add_domain(const Command& program);
void add_account(const Command& program);
void add_alias(const Command& program);
void add_config(const Command& program);
void add_storage(const Command& program);
void add_torture(const Command& program);
void add_bench(const Command& program);
void add_version(const Command& program);
void add_completion(const Command& program);

}  // namespace veredus::commands
