// Times, counted in classes: percentiles of any number of them in a fixed amount of memory.

#pragma once

#include <array>
#include <chrono>
#include <cstdint>

namespace veredus::send {

class Latency {
 public:
  void add(std::chrono::microseconds time);
  /// Adds all that `other` has counted.
  void add(const Latency& other);

  /// The time that `share` (0 to 1) of all did not exceed, at most 1 % too long; 0 without any.
  std::chrono::microseconds percentile(double share) const;
  std::chrono::duration<double, std::micro> mean() const;
  std::chrono::microseconds longest() const noexcept { return longest_; }
  std::uint64_t count() const noexcept { return count_; }

 private:
  static constexpr unsigned kStepBits = 7;  // 128 classes for every doubling
  static constexpr std::size_t kClasses = std::size_t{64} << kStepBits;

  static std::size_t class_of(std::uint64_t time);
  static std::uint64_t end_of(std::size_t number);

  std::array<std::uint64_t, kClasses> classes_{};
  std::uint64_t count_ = 0;
  double sum_ = 0;  // of microseconds
  std::chrono::microseconds longest_{0};
};

}  // namespace veredus::send
