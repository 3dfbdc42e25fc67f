// The process's signals (SIGTERM, SIGHUP, ...) as calls on a reactor.

#pragma once

#include <functional>
#include <vector>

#include "base/result.h"
#include "io/reactors.h"

namespace veredus::io {

/// From now until the reactors are cleared, each of `signals` calls `handler(signal)` on the
/// first reactor instead of its default action. Signals of the same number that come close
/// together may become one call. Error: unavailable, for a signal that cannot be handled.
[[nodiscard]] Result<> handle_signals(Reactors& reactors, const std::vector<int>& signals,
                                      std::move_only_function<void(int)> handler);

}  // namespace veredus::io
