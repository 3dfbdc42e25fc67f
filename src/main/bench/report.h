// What a source reports at its end.

#pragma once

#include <string>

#include "main/bench/source.h"

namespace veredus::bench {

/// Some lines.
std::string for_people(const Tally& tally);
/// One JSON object, on one line.
std::string for_programs(const Tally& tally);

}  // namespace veredus::bench
