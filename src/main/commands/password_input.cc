#include "main/commands/password_input.h"

#include <iostream>
#include <string>

#include <termios.h>
#include <unistd.h>

namespace veredus::commands {
namespace {

/// Keeps what is typed off the screen while it lives.
class NoEcho {
 public:
  NoEcho() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
  }
  ~NoEcho() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  termios before_{};
  bool changed_ = false;
};

Result<Secret> read_line() {
  std::string line;
  if (!std::getline(std::cin, line) && line.empty())
    return fail(Fault::unavailable, "no password: standard input has ended");
  if (line.ends_with('\r')) line.pop_back();
  if (line.empty()) return fail(Fault::malformed, "the password is empty");
  return Secret(std::move(line));
}

Result<Secret> ask(const char* prompt) {
  std::cerr << prompt << std::flush;
  auto answer = read_line();
  std::cerr << '\n';
  return answer;
}

}  // namespace

Result<Secret> read_new_password() {
  if (::isatty(STDIN_FILENO) == 0) return read_line();
  const NoEcho quiet;  // Before the first prompt, for whoever types at once.
  auto first = ask("New password: ");
  if (!first) return first;
  const auto second = ask("Again: ");
  if (!second) return second;
  if (*first == *second) return first;
  return fail(Fault::malformed, "those were two different passwords");
}

}  // namespace veredus::commands
