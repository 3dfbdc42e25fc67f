// Asking about the queue: the running server, or its storage when none runs.

#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "main/config/config.h"

namespace veredus::commands {

/// What to do with an answer as it comes in.
struct Inquiry {
  std::string request;                    ///< As mail/manage/requests.h has it.
  std::function<void(std::string)> line;  ///< Each object of the answer, but for progress.
  /// How many messages were looked at, and of how many (0: nobody knows). Empty: not wanted.
  std::function<void(std::uint64_t looked_at, std::uint64_t of)> progress = {};
};

/// Blocks until the answer is complete. Both ways, the same code answers. Errors: unavailable,
/// refused, malformed, with what to do.
Result<> inquire(const config::Config& config, const Inquiry& inquiry);

}  // namespace veredus::commands
