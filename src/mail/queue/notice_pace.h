// How fast one address may be sent notices: it may be forged, and its owner innocent.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "base/time.h"
#include "mail/queue/sender_key.h"

namespace veredus::queue {

/// Lets a minute's worth go at once, then one after the other. Bounded: of addresses that are at
/// their limit at the same time it remembers kAddressesMax. Not thread-safe.
class NoticePace {
 public:
  static constexpr std::size_t kAddressesMax = 10'000;

  explicit NoticePace(std::uint32_t per_minute)
      : step_(std::chrono::nanoseconds(std::chrono::minutes(1)) / per_minute) {}

  /// Books one notice to `address` and returns how long it has to wait.
  Duration book(SenderKey address, SteadyTime now) {
    if (booked_.size() >= kAddressesMax && !booked_.contains(address)) forget(now);
    SteadyTime& until = booked_[address];
    until = std::max(until, now) + step_;
    return std::max<Duration>(until - now - std::chrono::minutes(1), Duration::zero());
  }

 private:
  void forget(SteadyTime now) {
    std::erase_if(booked_, [now](const auto& pair) { return pair.second <= now; });
    if (booked_.size() >= kAddressesMax) booked_.clear();
  }

  Duration step_;
  std::unordered_map<SenderKey, SteadyTime> booked_;  // until when the rate is used up
};

}  // namespace veredus::queue
