#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "main/commands/command.h"
#include "main/commands/configuration.h"
#include "main/config/show.h"
#include "main/service/prepare.h"

namespace veredus::commands {
namespace {

int check(const ConfigurationOptions& options) {
  const auto loaded = options.load();
  if (!loaded) return complain(loaded.error(), kConfiguration);
  AssemblyConfig parts = loaded->config.assembly();
  // The one that the server makes for itself may not be there yet.
  if (loaded->config.certificates.empty()) parts.tls.certificates.clear();
  if (const Result<> readable = Assembly::check_files(parts); !readable)
    return complain(readable.error(), kConfiguration);
  std::vector<std::string> warnings = config::warnings(loaded->config);
  // No error: this may not be the host that it is for.
  if (const auto user = user_to_become(loaded->config.process); !user)
    warnings.push_back(user.error().text());
  for (const std::string& warning : warnings)
    std::cout << loaded->source << ": warning: " << warning << '\n';
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

void add_config(const Command& program) {
  const Command command = program.add("config", "Check and show the configuration");
  command.require_subcommand();

  auto options = std::make_shared<ConfigurationOptions>();
  const Command check_command = command.add("check", "Name everything that is wrong, at once");
  options->add_to(check_command);
  check_command.run([options] { return check(*options); });

  auto show_options = std::make_shared<ConfigurationOptions>();
  const Command show_command =
      command.add("show", "The values in effect and where each comes from");
  show_options->add_to(show_command);
  show_command.run([show_options] { return show(*show_options); });

  command.add("reference", "Every key, its meaning and its default").run([] {
    std::cout << config::reference();
    return kDone;
  });
}

}  // namespace veredus::commands
