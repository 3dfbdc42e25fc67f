// Memory for the frames of tasks, kept by each thread for its next ones: a task of a few nested
// calls must not cost an allocation for each of them. Internal: io/task.h is its only user.

#pragma once

#include <cstddef>

namespace veredus::io {

/// As operator new. `octets` is the size of one frame.
void* take_frame(std::size_t octets);
/// Gives back what take_frame(octets) gave, perhaps on another thread.
void give_frame(void* frame, std::size_t octets) noexcept;

}  // namespace veredus::io
