// The subcommands of `veredus`: each adds itself to the command line and runs from there.

#pragma once

namespace CLI {
class App;
}

namespace veredus::commands {

/// Exit codes; `veredus --help` has the table.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;         ///< What was asked for did not work; the text says why.
inline constexpr int kWrongUse = 2;       ///< No such command or option.
inline constexpr int kConfiguration = 3;  ///< The configuration has errors.

// Each adds one subcommand to `app`; when it is chosen, it runs and sets `status` to its exit code.
void add_serve(CLI::App& app, int& status);
void add_send(CLI::App& app, int& status);
void add_queue(CLI::App& app, int& status);
void add_config(CLI::App& app, int& status);
void add_version(CLI::App& app, int& status);
void add_completion(CLI::App& app, int& status);

}  // namespace veredus::commands
