#include <iostream>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "main/commands/command.h"
#include "main/commands/configuration.h"
#include "main/config/show.h"

namespace veredus::commands {
namespace {

int check(const ConfigurationOptions& options) {
  const auto loaded = options.load();
  if (!loaded) return complain(loaded.error(), kConfiguration);
  std::cout << loaded->source << ": good\n";
  return kDone;
}

int show(const ConfigurationOptions& options) {
  const auto loaded = options.load();
  if (!loaded) return complain(loaded.error(), kConfiguration);
  std::cout << config::show(*loaded);
  return kDone;
}

}  // namespace

void add_config(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("config", "Check and show the configuration");
  command->require_subcommand(1);
  auto options = std::make_shared<ConfigurationOptions>();

  auto* check_command = command->add_subcommand("check", "Name everything that is wrong, at once");
  options->add_to(*check_command);
  check_command->callback([options, &status] { status = check(*options); });

  auto show_options = std::make_shared<ConfigurationOptions>();
  auto* show_command =
      command->add_subcommand("show", "The values in effect and where each comes from");
  show_options->add_to(*show_command);
  show_command->callback([show_options, &status] { status = show(*show_options); });

  auto* reference_command =
      command->add_subcommand("reference", "Every key, its meaning and its default");
  reference_command->callback([&status] {
    std::cout << config::reference();
    status = kDone;
  });
}

}  // namespace veredus::commands
