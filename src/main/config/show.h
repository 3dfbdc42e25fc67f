// The configuration as text: what is in effect and why, and what there is to configure.

#pragma once

#include <string>

#include "main/config/load.h"

namespace veredus::config {

/// Every effective value as TOML, each with a comment that says where it comes from.
std::string show(const Loaded& loaded);

/// Every key with its meaning, what it takes and its default, as a commented TOML file.
std::string reference();

}  // namespace veredus::config
