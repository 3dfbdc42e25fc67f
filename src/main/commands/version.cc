#include "main/commands/version.h"

#include <iostream>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/version.hpp>

#include "main/commands/command.h"

namespace veredus::commands {

void add_version(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("version", "This program's version and how it was built");
  command->callback([&status] {
    std::cout << "veredus " << kVersion << "\nbuilt with " << __VERSION__ << ", Boost "
              << BOOST_LIB_VERSION << '\n';
    status = kDone;
  });
}

}  // namespace veredus::commands
