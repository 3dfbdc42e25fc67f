// A progress bar on a terminal; nothing elsewhere.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace veredus::commands {

/// Drawn on standard error when that is a terminal, at most ten times a second.
class Progress {
 public:
  /// `what` is counted: "messages".
  Progress(std::uint64_t total, std::string what);
  /// Removes the bar.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void update(std::uint64_t done);

 private:
  std::uint64_t total_;
  std::string what_;
  bool enabled_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point begun_;
  std::chrono::steady_clock::time_point next_draw_;
};

}  // namespace veredus::commands
