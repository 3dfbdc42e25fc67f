// Which configuration a command works with.

#pragma once

#include <string>

#include "base/result.h"
#include "main/commands/command_line.h"
#include "main/config/load.h"

namespace veredus::commands {

/// --config and --dev.
class ConfigurationOptions {
 public:
  /// Adds the options to a subcommand; both live as long as this.
  void add_to(const Command& command);
  /// What an option said that is not on this command line; empty, false: as without it.
  void set(std::string file, bool development);

  bool is_development() const noexcept { return development_; }

  /// Reads it: --dev, --config, $VEREDUS_CONFIG, or /etc/veredus/veredus.toml. Errors: as
  /// config::load().
  Result<config::Loaded> load() const;

 private:
  std::string path() const;

  std::string file_;
  bool development_ = false;
};

/// Writes an error to standard error and returns `status`.
int complain(const Error& error, int status);

}  // namespace veredus::commands
