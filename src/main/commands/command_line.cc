#include "main/commands/command_line.h"

#include <iostream>
#include <utility>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "base/text.h"
#include "main/commands/command.h"

namespace veredus::commands {
namespace {

constexpr std::size_t kFirstColumn = 30;

/// The exit code of the command that ran; CLI11's callbacks return nothing.
int& status() {
  static int status = kWrongUse;
  return status;
}

void describe(CLI::App& app, const Command::Option& option, CLI::Option& added) {
  if (!option.value.empty()) added.type_name(option.value);
  if (option.required) added.required();
  if (!option.excludes.empty()) added.excludes(app.get_option(option.excludes));
}

}  // namespace

Command Command::add(const std::string& name, const std::string& description) const {
  return Command(*app_->add_subcommand(name, description));
}

void Command::require_subcommand() const { app_->require_subcommand(1); }

void Command::footer(const std::string& text) const { app_->footer(text); }

void Command::run(std::function<int()> action) const {
  app_->callback([action = std::move(action)] { status() = action(); });
}

void Command::option(const Option& option, std::string& value) const {
  describe(*app_, option, *app_->add_option(option.names, value, option.description));
}

void Command::option(const Option& option, std::uint64_t& value) const {
  CLI::Option* added = app_->add_option(option.names, value, option.description);
  describe(*app_, option, *added);
  added->check(CLI::Range(option.least, option.most).description(""));
}

void Command::option(const Option& option, std::vector<std::string>& values) const {
  CLI::Option* added = app_->add_option(option.names, values, option.description);
  describe(*app_, option, *added);
  const bool is_argument = !option.names.starts_with('-');
  added->allow_extra_args(is_argument);  // `--to a b` has one value, `ID ID` is two.
}

void Command::flag(const Option& option, bool& value) const {
  describe(*app_, option, *app_->add_flag(option.names, value, option.description));
}

std::string Command::name() const { return app_->get_name(); }

std::string Command::description() const { return app_->get_description(); }

std::vector<Command> Command::subcommands() const {
  std::vector<Command> commands;
  for (CLI::App* sub : app_->get_subcommands({})) commands.emplace_back(*sub);
  return commands;
}

std::vector<Command::LongOption> Command::long_options() const {
  std::vector<LongOption> options;
  for (const CLI::Option* option : app_->get_options())
    for (const std::string& name : option->get_lnames())
      options.push_back({"--" + name, option->get_type_name()});
  return options;
}

CommandLine::CommandLine(const std::string& description, const std::string& footer,
                         const std::string& version)
    : app_(std::make_unique<CLI::App>(description, "veredus")) {
  app_->require_subcommand(1);
  app_->footer(footer);
  app_->set_version_flag("--version", version);
  app_->get_formatter()->column_width(kFirstColumn);
}

CommandLine::~CommandLine() = default;

Command CommandLine::root() const { return Command(*app_); }

/// What a missing subcommand is reported with: the word that is none, if there is one.
std::string CommandLine::unknown_command() const {
  const std::vector<std::string> unused = app_->remaining(true);
  if (unused.empty()) return {};
  return "no such command or option: " + printable(unused.front()) +
         "; --help has those there are\n";
}

int CommandLine::run(int argc, const char* const* argv) {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::RequiredError& error) {
    const std::string unknown = unknown_command();
    if (unknown.empty()) return app_->exit(error) == 0 ? kDone : kWrongUse;
    std::cerr << unknown;
    return kWrongUse;
  } catch (const CLI::ParseError& error) {
    return app_->exit(error) == 0 ? kDone : kWrongUse;
  }
  return status();
}

}  // namespace veredus::commands
