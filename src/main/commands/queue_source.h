// Where `veredus queue` reads from: the running server, or its storage when none runs.

#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "main/config/config.h"

namespace veredus::commands {

/// Gives every queued message, or the one with `id`, to `entry` as JSON
/// (mail/manage/queue_view.h), in order of id. Blocks. Errors: unavailable, with what to do.
Result<> read_queue(const config::Config& config, std::optional<QueueId> id,
                    const std::function<void(std::string)>& entry);

}  // namespace veredus::commands
