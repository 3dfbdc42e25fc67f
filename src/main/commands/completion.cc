#include <iostream>
#include <set>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "main/commands/command.h"

namespace veredus::commands {
namespace {

/// What may follow the command, separated by spaces: its subcommands and long options.
std::string words_of(const Command& command) {
  std::string words;
  for (const Command& sub : command.subcommands()) words += sub.name() + ' ';
  for (const Command::LongOption& option : command.long_options()) words += option.name + ' ';
  if (!words.empty()) words.pop_back();
  return words;
}

/// `case` branches: the words for each path of subcommands, such as "queue list".
void add_branches(const Command& command, const std::string& path, std::string& out) {
  out += "    \"" + path + "\") words=\"" + words_of(command) + "\" ;;\n";
  for (const Command& sub : command.subcommands())
    add_branches(sub, path.empty() ? sub.name() : path + ' ' + sub.name(), out);
}

/// Every path of subcommands as a pattern of `case`: "queue"|"queue list"|...
void add_paths(const Command& command, const std::string& path, std::string& out) {
  for (const Command& sub : command.subcommands()) {
    const std::string whole = path.empty() ? sub.name() : path + ' ' + sub.name();
    out += (out.empty() ? "\"" : "|\"") + whole + '"';
    add_paths(sub, whole, out);
  }
}

/// The long options of all commands whose value is a `kind`: FILE, DIR.
std::set<std::string> options_with(const Command& command, const std::string& kind) {
  std::set<std::string> names;
  for (const Command::LongOption& option : command.long_options())
    if (option.value == kind) names.insert(option.name);
  for (const Command& sub : command.subcommands()) names.merge(options_with(sub, kind));
  return names;
}

/// The `case` branch for the word after one of these options: what `compgen` has for it.
std::string path_branch(const std::set<std::string>& options, const std::string& compgen) {
  return fmt::format(
      "    {}) COMPREPLY=($(compgen {} -- \"${{COMP_WORDS[COMP_CWORD]}}\")); return ;;\n",
      fmt::join(options, " | "), compgen);
}

std::string bash_script(const Command& program) {
  std::string branches;
  add_branches(program, "", branches);
  std::string paths;
  add_paths(program, "", paths);
  std::set<std::string> files = options_with(program, "FILE");
  files.insert("-c");  // Short for --config.
  return "# bash completion for veredus:  source <(veredus completion bash)\n"
         "_veredus() {\n"
         "  local path=\"\" word words previous=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "    case \"${path:+$path }$word\" in " +
         paths +
         ") path=\"${path:+$path }$word\" ;; esac\n"
         "  done\n"
         "  case $previous in\n" +
         path_branch(files, "-f") + path_branch(options_with(program, "DIR"), "-d") +
         "  esac\n"
         "  case $path in\n" +
         branches +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
         "}\n"
         "complete -F _veredus veredus\n";
}

std::string zsh_script(const Command& program) {
  return "# zsh completion for veredus:  source <(veredus completion zsh)\n"
         "autoload -U +X bashcompinit && bashcompinit\n" +
         bash_script(program);
}

void add_fish_lines(const Command& command, const std::string& condition, std::string& out) {
  for (const Command& sub : command.subcommands()) {
    out += "complete -c veredus -f -n '" + condition + "' -a " + sub.name() + " -d '" +
           sub.description() + "'\n";
    add_fish_lines(sub, "__fish_seen_subcommand_from " + sub.name(), out);
  }
  for (const Command::LongOption& option : command.long_options()) {
    out += "complete -c veredus -n '" + condition + "' -l " + option.name.substr(2);
    if (option.value == "FILE") out += " -r -F";
    if (option.value == "DIR") out += " -x -a '(__fish_complete_directories)'";
    out += '\n';
  }
}

std::string fish_script(const Command& program) {
  std::string out = "# fish completion for veredus:  veredus completion fish | source\n";
  add_fish_lines(program, "__fish_use_subcommand", out);
  return out;
}

}  // namespace

void add_completion(const Command& program) {
  const Command command =
      program.add("completion", "A script that lets your shell complete veredus");
  command.require_subcommand();
  const auto add = [&](const char* shell, std::string (*script)(const Command&)) {
    command.add(shell, std::string("For ") + shell).run([program, script] {
      std::cout << script(program);
      return kDone;
    });
  };
  add("bash", bash_script);
  add("zsh", zsh_script);
  add("fish", fish_script);
}

}  // namespace veredus::commands
