// The version, as `veredus version` says it and CHANGELOG.md has it.

#pragma once

namespace veredus::commands {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace veredus::commands
