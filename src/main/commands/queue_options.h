// Options that the commands about the queue share, and asking with them.

#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "mail/manage/filter.h"
#include "main/commands/command_line.h"
#include "main/commands/configuration.h"
#include "main/commands/inquiry.h"

namespace veredus::commands {

/// Ids and filters: `ID...`, --sender, --older-than, ...
class FilterOptions {
 public:
  /// Adds them to a subcommand; both live as long as this.
  void add_to(const Command& command);
  /// Errors: malformed, naming the option.
  Result<manage::Filter> filter() const;

 private:
  std::map<std::string, std::string, std::less<>> texts_;
  std::vector<std::string> ids_;
};

/// --config, --dev and --json.
struct QueueOptions {
  ConfigurationOptions configuration;
  bool json = false;

  void add_to(const Command& command);
  /// Loads the configuration and asks. Writes what went wrong to standard error and returns the
  /// exit code.
  int ask(const Inquiry& inquiry) const;
};

/// `01J8... is not in the queue` and what that may mean.
Error not_in_queue(const std::string& id);
/// The id as text() writes it. Errors: malformed, with what an id looks like.
Result<std::string> checked_id(const std::string& given);

/// A bar on standard error for what may take long and prints nothing meanwhile.
std::function<void(std::uint64_t, std::uint64_t)> progress_bar(const std::string& what);

}  // namespace veredus::commands
