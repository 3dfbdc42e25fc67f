// Asking a person for a password, or reading it from a pipe: never from the command line.

#pragma once

#include "base/result.h"
#include "base/secret.h"

namespace veredus::commands {

/// On a terminal asks twice, without echo; else the first line of standard input. Errors:
/// malformed (empty, or not twice the same), unavailable.
[[nodiscard]] Result<Secret> read_new_password();

}  // namespace veredus::commands
