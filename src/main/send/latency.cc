#include "main/send/latency.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace veredus::send {

/// Up to 2^(kStepBits + 1) each time has a class of its own; then every doubling has 2^kStepBits.
std::size_t Latency::class_of(std::uint64_t time) {
  const auto width = static_cast<unsigned>(std::bit_width(time));
  if (width <= kStepBits + 1) return time;
  const unsigned shift = width - kStepBits - 1;
  return (std::size_t{shift} << kStepBits) + (time >> shift);
}

/// The longest time of a class.
std::uint64_t Latency::end_of(std::size_t number) {
  if (number < std::size_t{2} << kStepBits) return number;
  const std::size_t shift = (number >> kStepBits) - 1;
  return ((number - (shift << kStepBits) + 1) << shift) - 1;
}

void Latency::add(std::chrono::microseconds time) {
  const auto positive = std::max(time, std::chrono::microseconds(0));
  ++classes_.at(class_of(static_cast<std::uint64_t>(positive.count())));
  ++count_;
  sum_ += static_cast<double>(positive.count());
  longest_ = std::max(longest_, positive);
}

void Latency::add(const Latency& other) {
  for (std::size_t number = 0; number < kClasses; ++number)
    classes_[number] += other.classes_[number];
  count_ += other.count_;
  sum_ += other.sum_;
  longest_ = std::max(longest_, other.longest_);
}

std::chrono::duration<double, std::micro> Latency::mean() const {
  return std::chrono::duration<double, std::micro>(
      count_ == 0 ? 0 : sum_ / static_cast<double>(count_));
}

std::chrono::microseconds Latency::percentile(double share) const {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t number = 0; number < kClasses; ++number) {
    seen += classes_[number];
    if (seen >= wanted && seen > 0)
      return std::min(longest_, std::chrono::microseconds(end_of(number)));
  }
  return longest_;
}

}  // namespace veredus::send
