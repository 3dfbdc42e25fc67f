// How a destination stands, for people.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"

namespace veredus::queue {

struct DestinationView {
  std::string name{};
  std::string limit{};         ///< The name of the limit it is under, or empty.
  std::size_t waiting = 0;     ///< Entries that could be handed out.
  std::size_t deferred = 0;    ///< Entries that are not due yet.
  std::uint32_t workers = 0;   ///< Started and not ended.
  std::uint32_t allowed = 0;   ///< So many at most for now.
  std::uint32_t failures = 0;  ///< In a row: jobs that were all deferred, pauses included.
  std::string last_error{};    ///< Of the last job that failed; empty since one did not.
  bool held = false;           ///< By the operator, until resume().
  std::optional<SteadyTime> paused_until{};        ///< Left alone because of its failures.
  std::optional<SteadyTime> rate_limited_until{};  ///< It waits for its limit's next message.
};

}  // namespace veredus::queue
