// What the program does when it is called by the names of older mail programs.

#pragma once

#include <optional>

namespace veredus::commands {

/// As `sendmail`, or `veredus sendmail`: see main/sendmail/options.h. As `mailq`: the queue, in the
/// form that scripts know from Postfix. As `newaliases`: nothing, for it is not needed. Returns the
/// exit code, or nothing when argv[0] is another name.
std::optional<int> run_as_named(int argc, const char* const* argv);

}  // namespace veredus::commands
