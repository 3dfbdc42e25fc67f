// What a torture run found, for people and for programs.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "main/torture/ledger.h"

namespace veredus::torture {

/// A copy that was acknowledged and has not arrived.
struct MissingCopy {
  Missing missing;
  std::string recipient;
  std::chrono::duration<double> acknowledged_after;  ///< From the beginning of the run.
  std::optional<bool> queued;                        ///< Whether the server still has it queued.
};

struct Report {
  Counts counts;
  std::uint64_t missing = 0;  ///< Copies acknowledged and not arrived; lost, when all was awaited.
  std::vector<MissingCopy> missing_copies;  ///< The first of them.
  std::uint64_t refused = 0;                ///< Books::refused
  std::uint64_t cut = 0;                    ///< Books::cut
  std::uint64_t kills = 0;
  std::uint64_t crashes = 0;  ///< Times that the server ended by itself.
  std::uint64_t sessions = 0;
  std::uint64_t seed = 0;
  std::chrono::duration<double> load_time{0};   ///< While the load lasted.
  std::chrono::duration<double> drain_time{0};  ///< From its end until the queue was empty.
  std::chrono::microseconds median{0};          ///< From the final dot to 250.
  std::chrono::microseconds percentile_99{0};
  std::chrono::microseconds longest{0};
  std::optional<double> flushes_per_second;  ///< Nothing when the server does not tell.
  std::uint64_t still_queued = 0;            ///< Messages, when we had waited long enough.
  std::vector<std::string> problems;         ///< Anything else that must not be.
  bool verified = false;                     ///< Everything acknowledged had the time to arrive.
  bool interrupted = false;                  ///< By somebody who did not want to wait.

  /// Everything acknowledged has arrived as it was sent, and once but where a kill or a cut excuses
  /// it, and the server and its storage are sound.
  bool all_is_well() const noexcept;
  double messages_per_second() const noexcept;
};

/// Some lines; the first says how much, the last is the verdict.
std::string for_people(const Report& report);
/// One JSON object, on one line.
std::string for_programs(const Report& report);

/// 1234567 as 1,234,567.
std::string grouped(std::uint64_t number);

}  // namespace veredus::torture
