// Plays dialogs (dialog_script.h) against the whole server in a simulated world.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "support/dialog_script.h"

namespace veredus::testing {

/// Plays the dialog against a server of its own: nothing is shared between two. Empty when all
/// went as written; else what did not, with the line's number.
std::string play(const Script& script, std::uint64_t seed = 1);

/// True when `text` is what `pattern` says, `*` standing for any run of characters.
bool matches(std::string_view pattern, std::string_view text);

}  // namespace veredus::testing
