#include <iostream>
#include <string>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "main/commands/command.h"

namespace veredus::commands {
namespace {

/// What may follow the command, separated by spaces: its subcommands and long options.
std::string words_of(const CLI::App& command) {
  std::string words;
  for (const CLI::App* sub : command.get_subcommands({})) words += sub->get_name() + ' ';
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : option->get_lnames()) words += "--" + name + ' ';
  if (!words.empty()) words.pop_back();
  return words;
}

/// `case` branches: the words for each path of subcommands, such as "queue list".
void add_branches(const CLI::App& command, const std::string& path, std::string& out) {
  out += "    \"" + path + "\") words=\"" + words_of(command) + "\" ;;\n";
  for (const CLI::App* sub : command.get_subcommands({}))
    add_branches(*sub, path.empty() ? sub->get_name() : path + ' ' + sub->get_name(), out);
}

/// Every path of subcommands as a pattern of `case`: "queue"|"queue list"|...
void add_paths(const CLI::App& command, const std::string& path, std::string& out) {
  for (const CLI::App* sub : command.get_subcommands({})) {
    const std::string whole = path.empty() ? sub->get_name() : path + ' ' + sub->get_name();
    out += (out.empty() ? "\"" : "|\"") + whole + '"';
    add_paths(*sub, whole, out);
  }
}

std::string bash_script(const CLI::App& app) {
  std::string branches;
  add_branches(app, "", branches);
  std::string paths;
  add_paths(app, "", paths);
  return "# bash completion for veredus:  source <(veredus completion bash)\n"
         "_veredus() {\n"
         "  local path=\"\" word words previous=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "    case \"${path:+$path }$word\" in " +
         paths +
         ") path=\"${path:+$path }$word\" ;; esac\n"
         "  done\n"
         "  case $previous in\n"
         "    --config | -c | --body) COMPREPLY=($(compgen -f -- \"${COMP_WORDS[COMP_CWORD]}\"));"
         " return ;;\n"
         "  esac\n"
         "  case $path in\n" +
         branches +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
         "}\n"
         "complete -F _veredus veredus\n";
}

std::string zsh_script(const CLI::App& app) {
  return "# zsh completion for veredus:  source <(veredus completion zsh)\n"
         "autoload -U +X bashcompinit && bashcompinit\n" +
         bash_script(app);
}

void add_fish_lines(const CLI::App& command, const std::string& condition, std::string& out) {
  for (const CLI::App* sub : command.get_subcommands({})) {
    out += "complete -c veredus -f -n '" + condition + "' -a " + sub->get_name() + " -d '" +
           sub->get_description() + "'\n";
    add_fish_lines(*sub, "__fish_seen_subcommand_from " + sub->get_name(), out);
  }
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : option->get_lnames())
      out += "complete -c veredus -n '" + condition + "' -l " + name + '\n';
}

std::string fish_script(const CLI::App& app) {
  std::string out = "# fish completion for veredus:  veredus completion fish | source\n";
  add_fish_lines(app, "__fish_use_subcommand", out);
  return out;
}

}  // namespace

void add_completion(CLI::App& app, int& status) {
  auto* command =
      app.add_subcommand("completion", "A script that lets your shell complete veredus");
  command->require_subcommand(1);
  const auto add = [&](const char* shell, std::string (*script)(const CLI::App&)) {
    auto* sub = command->add_subcommand(shell, std::string("For ") + shell);
    sub->callback([&app, &status, script] {
      std::cout << script(app);
      status = kDone;
    });
  };
  add("bash", bash_script);
  add("zsh", zsh_script);
  add("fish", fish_script);
}

}  // namespace veredus::commands
