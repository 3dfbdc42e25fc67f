#include "mail/policy/sending_limits.h"

#include <algorithm>

namespace veredus::policy {

/// Empties the slots of the time that has passed.
void SendingLimits::Account::advance(std::int64_t to) {
  const auto passed = std::min<std::int64_t>(to - slot, kSlots);
  for (std::int64_t i = 1; i <= passed; ++i) sent[static_cast<std::size_t>(slot + i) % kSlots] = 0;
  slot = std::max(slot, to);
}

std::uint64_t SendingLimits::Account::sum(std::size_t slots, std::size_t but) const {
  std::uint64_t all = 0;
  for (std::size_t back = but; back < slots; ++back)
    all += sent[(static_cast<std::size_t>(slot) + kSlots - back) % kSlots];
  return all;
}

std::int64_t SendingLimits::Account::until(std::uint64_t most, std::size_t slots) const {
  std::uint64_t left = sum(slots);
  for (std::size_t back = slots; back-- > 0;) {
    if (left <= most) return static_cast<std::int64_t>(slots - back - 1);
    left -= sent[(static_cast<std::size_t>(slot) + kSlots - back) % kSlots];
  }
  return static_cast<std::int64_t>(slots);
}

SendingLimits::Answer SendingLimits::charge(std::string_view name, std::uint64_t recipients,
                                            SendingAllowance allowance, SteadyTime now) {
  const std::int64_t slot = now.time_since_epoch() / kSlot;
  forget_idle(slot);
  Account& account = accounts_.try_emplace(std::string(name), Account{.slot = slot}).first->second;
  account.advance(slot);

  struct Window {
    std::size_t slots;
    std::uint64_t limit;
  };
  for (const Window& window :
       {Window{kHourSlots, allowance.per_hour}, Window{kSlots, allowance.per_day}}) {
    const std::uint64_t sent = account.sum(window.slots);
    if (window.limit == 0 || sent + recipients <= window.limit) continue;
    const std::uint64_t room = window.limit - std::min(window.limit, recipients);
    const Duration into = now.time_since_epoch() - slot * Duration(kSlot);
    return {.allowed = false,
            .limit = window.limit,
            .sent = sent,
            .window = std::chrono::hours(window.slots / kHourSlots),
            .wait = account.until(room, window.slots) * Duration(kSlot) - into};
  }
  auto& count = account.sent[static_cast<std::size_t>(slot) % kSlots];
  count += static_cast<std::uint32_t>(recipients);
  const std::uint64_t hour = account.sum(kHourSlots);
  return {.jumped = has_jumped(account, hour), .this_hour = hour};
}

void SendingLimits::refund(std::string_view name, std::uint64_t recipients) {
  const auto found = accounts_.find(std::string(name));
  if (found == accounts_.end()) return;
  Account& account = found->second;
  auto& count = account.sent[static_cast<std::size_t>(account.slot) % kSlots];
  count -= static_cast<std::uint32_t>(std::min<std::uint64_t>(count, recipients));
}

/// Against the average of the hours of the last day in which it sent at all. An account that never
/// sent before has nothing to be compared with but kJumpMin.
bool SendingLimits::has_jumped(Account& account, std::uint64_t hour) {
  const auto hour_slots = static_cast<std::int64_t>(kHourSlots);
  if (hour < kJumpMin || account.slot - account.told < hour_slots) return false;
  const std::uint64_t before = account.sum(kSlots, kHourSlots);
  std::uint64_t busy_hours = 0;
  for (std::size_t back = kHourSlots; back < kSlots; back += kHourSlots)
    if (account.sum(back + kHourSlots, back) > 0) ++busy_hours;
  if (hour * busy_hours < kJump * before) return false;
  account.told = account.slot;
  return true;
}

/// Once a slot: who sent nothing for a day needs no memory.
void SendingLimits::forget_idle(std::int64_t slot) {
  if (slot == swept_) return;
  swept_ = slot;
  std::erase_if(accounts_, [slot](const auto& entry) {
    return slot - entry.second.slot >= static_cast<std::int64_t>(kSlots);
  });
}

}  // namespace veredus::policy
