// What the program does when it is called by the names of older mail programs.

#pragma once

#include <optional>

namespace veredus::commands {

/// As `mailq`: the queue, in the form that scripts know from Postfix. As `sendmail`: `-bp` the
/// same, `-q` tries everything now. Returns the exit code, or nothing when argv[0] is another name.
std::optional<int> run_as_named(int argc, const char* const* argv);

}  // namespace veredus::commands
