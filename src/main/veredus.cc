// The program: finds the subcommand and runs it.

#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "main/commands/command.h"
#include "main/commands/program.h"
#include "main/commands/version.h"

namespace {

namespace commands = veredus::commands;

constexpr const char* kFooter =
    "`veredus COMMAND --help` explains a command.\n\n"
    "Try it out:  veredus serve --dev\n\n"
    "Exit codes: 0 done, 1 it did not work, 2 wrong use, 3 the configuration has errors.";

int run(int argc, char** argv) {
  int status = commands::kWrongUse;
  CLI::App app("Veredus, a mail server: receives, queues, relays and delivers mail.", "veredus");
  app.require_subcommand(1);
  app.footer(kFooter);
  app.set_version_flag("--version", std::string("veredus ") + veredus::kVersion);
  app.get_formatter()->column_width(34);
  commands::add_serve(app, status);
  commands::add_send(app, status);
  commands::add_queue(app, status);
  commands::add_config(app, status);
  commands::add_version(app, status);
  commands::add_completion(app, status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? commands::kDone : commands::kWrongUse;
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  // A reader that goes away is an error of that write, not the end of the server.
  std::signal(SIGPIPE, SIG_IGN);
  commands::set_program_name(argc > 0 ? argv[0] : nullptr);
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "veredus: " << error.what() << '\n';
    return commands::kFailed;
  }
}
