#include "main/commands/configuration.h"

#include <filesystem>
#include <iostream>
#include <utility>

#include "io/process.h"

namespace veredus::commands {
namespace {

constexpr const char* kDefaultPath = "/etc/veredus/veredus.toml";
constexpr const char* kVariable = "VEREDUS_CONFIG";

}  // namespace

void ConfigurationOptions::add_to(const Command& command) {
  command.option({.names = "-c,--config",
                  .value = "FILE",
                  .description = "The configuration file; default: $VEREDUS_CONFIG, or " +
                                 std::string(kDefaultPath)},
                 file_);
  command.flag({.names = "--dev",
                .value = "",
                .description = "Instead: mail for you@example.test on 127.0.0.1:2525, below ./run",
                .excludes = "--config"},
               development_);
}

void ConfigurationOptions::set(std::string file, bool development) {
  file_ = std::move(file);
  development_ = development;
}

std::string ConfigurationOptions::path() const {
  if (!file_.empty()) return file_;
  std::string variable = io::environment_variable(kVariable);
  return variable.empty() ? kDefaultPath : variable;
}

Result<config::Loaded> ConfigurationOptions::load() const {
  if (development_) return config::load_development();
  const std::string path = this->path();
  if (path == kDefaultPath && !std::filesystem::exists(path))
    return fail(Fault::unavailable,
                path +
                    " does not exist: name a configuration with --config FILE, or try things "
                    "out with --dev");
  return config::load(path);
}

int complain(const Error& error, int status) {
  std::cerr << error.text() << '\n';
  return status;
}

}  // namespace veredus::commands
