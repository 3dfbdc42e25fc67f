// The program: finds the subcommand and runs it.

#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>

#include "main/commands/command.h"
#include "main/commands/command_line.h"
#include "main/commands/program.h"
#include "main/commands/sendmail_names.h"
#include "main/commands/version.h"

namespace {

namespace commands = veredus::commands;

constexpr const char* kFooter =
    "`veredus COMMAND --help` explains a command.\n\n"
    "Try it out:  veredus serve --dev\n\n"
    "As sendmail, mailq or newaliases (by name), or as `veredus sendmail`, it does what those do;\n"
    "see `veredus sendmail --help`.\n\n"
    "Exit codes: 0 done, 1 it did not work, 2 wrong use, 3 the configuration has errors.";

int run(int argc, char** argv) {
  if (const auto status = commands::run_as_named(argc, argv)) return *status;
  commands::CommandLine line("Veredus, a mail server: receives, queues, relays and delivers mail.",
                             kFooter, std::string("veredus ") + commands::kVersion);
  const commands::Command program = line.root();
  commands::add_serve(program);
  commands::add_send(program);
  commands::add_queue(program);
  commands::add_trace(program);
  commands::add_domain(program);
  commands::add_account(program);
  commands::add_alias(program);
  commands::add_config(program);
  commands::add_storage(program);
  commands::add_torture(program);
  commands::add_bench(program);
  commands::add_version(program);
  commands::add_completion(program);
  return line.run(argc, argv);
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
