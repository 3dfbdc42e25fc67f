// How this program was called.

#pragma once

#include <string>

namespace veredus::commands {

/// Notes argv[0]. Once, at the start.
void set_program_name(const char* name);
/// What a person types to call this program again.
const std::string& program_name();

}  // namespace veredus::commands
