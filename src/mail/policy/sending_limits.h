// How much one account may send, and whether it suddenly sends much more than it used to.

#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.h"

namespace veredus::policy {

/// Recipients of one account; 0: no limit.
struct SendingAllowance {
  std::uint64_t per_hour = 0;
  std::uint64_t per_day = 0;
};

/// Pure: time is passed in and does not go back. One owner, one thread. Keeps nothing over a
/// restart: then all begin anew.
class SendingLimits {
 public:
  struct Answer {
    bool allowed = true;
    /// Of what there were too many, when not allowed: how many are allowed in `window`, how many
    /// were sent in it, and when the oldest of them no longer count.
    std::uint64_t limit = 0;
    std::uint64_t sent = 0;
    std::chrono::hours window{0};
    Duration wait{0};
    /// This hour is kJump times what the account's hours used to be: true once in an hour.
    bool jumped = false;
    std::uint64_t this_hour = 0;
  };

  /// A message to `recipients` of `account`: counted when it is allowed.
  Answer charge(std::string_view account, std::uint64_t recipients, SendingAllowance allowance,
                SteadyTime now);

  /// A message that was charged for, a moment ago, was not sent after all.
  void refund(std::string_view account, std::uint64_t recipients);

  /// Accounts that sent within the last day, and are remembered.
  std::size_t size() const noexcept { return accounts_.size(); }

  static constexpr std::uint64_t kJump = 10;
  static constexpr std::uint64_t kJumpMin = 100;  ///< Fewer in an hour never are a jump.

 private:
  /// A quarter of an hour each: windows slide by that.
  static constexpr std::size_t kSlots = 96;
  static constexpr std::size_t kHourSlots = 4;
  static constexpr std::chrono::minutes kSlot{15};

  struct Account {
    std::array<std::uint32_t, kSlots> sent{};
    std::int64_t slot = 0;  ///< The newest one, counted from the clock's beginning.
    std::int64_t told = -static_cast<std::int64_t>(kSlots);  ///< When a jump was told.

    void advance(std::int64_t to);
    /// Of the newest `slots`, but for the newest `but` of them.
    std::uint64_t sum(std::size_t slots, std::size_t but = 0) const;
    /// How many slots until no more than `most` of the last `slots` are left.
    std::int64_t until(std::uint64_t most, std::size_t slots) const;
  };

  static bool has_jumped(Account& account, std::uint64_t hour);
  void forget_idle(std::int64_t slot);

  std::unordered_map<std::string, Account> accounts_;
  std::int64_t swept_ = 0;
};

}  // namespace veredus::policy
