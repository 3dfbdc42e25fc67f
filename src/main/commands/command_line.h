// The command line: subcommands with their options, as values. One file knows the library that
// reads it.

#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace veredus::commands {

/// One command, for the time of the whole program. What it fills in must live as long.
class Command {
 public:
  explicit Command(CLI::App& app) : app_(&app) {}

  [[nodiscard]] Command add(const std::string& name, const std::string& description) const;
  /// With this, one of its own subcommands must follow.
  void require_subcommand() const;
  /// What `--help` says at the end.
  void footer(const std::string& text) const;
  /// What the command does; it returns the exit code.
  void run(std::function<int()> action) const;

  /// An option with a value. `names` is `-f,--from`, or `id` for an argument without a dash.
  struct Option {
    std::string names;
    std::string value;  ///< What the value is: FILE, ADDRESS, N.
    std::string description;
    bool required = false;
    std::string excludes =
        {};                   ///< An option, added before, that may not be given together with it.
    std::uint64_t least = 0;  ///< Of a number.
    std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  };
  void option(const Option& option, std::string& value) const;
  void option(const Option& option, std::uint64_t& value) const;
  /// May be given more than once.
  void option(const Option& option, std::vector<std::string>& values) const;
  void flag(const Option& option, bool& value) const;

  /// For completion scripts.
  [[nodiscard]] std::string name() const;
  [[nodiscard]] std::string description() const;
  [[nodiscard]] std::vector<Command> subcommands() const;
  struct LongOption {
    std::string name;   ///< `--config`
    std::string value;  ///< As Option::value; empty for a flag.
  };
  [[nodiscard]] std::vector<LongOption> long_options() const;

 private:
  CLI::App* app_;
};

/// The program itself.
class CommandLine {
 public:
  CommandLine(const std::string& description, const std::string& footer,
              const std::string& version);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  [[nodiscard]] Command root() const;
  /// Reads the arguments and runs the command. Returns its exit code, or kWrongUse after saying
  /// what was wrong.
  int run(int argc, const char* const* argv);

 private:
  [[nodiscard]] std::string unknown_command() const;

  std::unique_ptr<CLI::App> app_;
};

}  // namespace veredus::commands
