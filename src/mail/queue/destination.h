// What the schedule knows of one destination, and of what destinations share: slots for workers and
// rates. Private to the schedule.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "base/time.h"
#include "mail/queue/fair_queue.h"
#include "mail/queue/limits.h"
#include "mail/queue/token_bucket.h"

namespace veredus::queue {

/// A destination while anything refers to it; used again for another one after that.
enum class DestinationId : std::uint32_t {};
inline constexpr DestinationId kNoDestination{0xFFFFFFFF};

/// A worker that asked for a job. Chosen by the caller; never reused while it waits.
enum class WaiterId : std::uint64_t {};

/// A group: the index of its limit, or after all limits the index of the destination that has it to
/// itself.
enum class GroupId : std::uint32_t {};

/// Where a destination waits for its turn; a set of these bits.
enum Line : std::uint8_t {
  kLineFirst = 1,       ///< Pool::first of the schedule.
  kLineMore = 2,        ///< Pool::more of the schedule.
  kLineGroupFirst = 4,  ///< Pool::first of its group.
  kLineGroupMore = 8,   ///< Pool::more of its group.
  kLineTokens = 16,     ///< Group::turns.
};

/// Slots for workers that destinations compete for.
struct Pool {
  std::uint32_t max = 0;
  std::uint32_t kept = 0;  ///< Of these, for destinations that have no worker.
  std::uint32_t workers = 0;
  Line first_line = kLineFirst;  ///< Which line `first` is.
  Line more_line = kLineMore;
  Fifo<DestinationId> first;  ///< Want their first worker; no slot.
  Fifo<DestinationId> more;   ///< Want another worker; no slot.
  std::set<std::tuple<SteadyTime, WaiterId, DestinationId>> idle;  ///< Waiting workers.

  bool has_room(bool for_first) const noexcept { return workers < max - (for_first ? 0 : kept); }
};

/// What destinations under one limit share.
struct Group {
  GroupId id{};
  LimitTable::Index limit = 0;
  std::optional<DestinationId> owner;  ///< The only member, of a limit for each destination.
  Pool pool;
  std::optional<TokenBucket> bucket;
  std::uint32_t reserved = 0;  ///< Tokens kept for workers that were just started.
  Fifo<DestinationId> turns;   ///< Could go, but for a token.
  SteadyTime timer{};          ///< When it is looked at again; in the past: never.
  bool noted = false;          ///< In the schedule's list of groups to look at.
};

struct Destination {
  struct Waiter {
    WaiterId id;
    SteadyTime deadline;
  };

  std::string name;
  std::string last_error;  ///< What it said when it failed last; empty since it worked.
  FairQueue ready;
  std::vector<Waiter> idle;    ///< Workers that wait; the last one in is the first out.
  std::size_t references = 0;  ///< Entries and jobs handed out.
  std::size_t deferred = 0;    ///< Of these, entries that are not due.
  std::uint32_t workers = 0;   ///< Started and not ended.
  std::uint32_t starting = 0;  ///< Of these, such as never asked yet.
  std::uint32_t allowed = 0;
  std::uint32_t ceiling = 0;    ///< It took no more connections than these ...
  SteadyTime ceiling_until{};   ///< ... and is not asked for more until then.
  std::uint32_t failures = 0;   ///< Since it worked or paused, though it answers.
  std::uint32_t failed = 0;     ///< In a row, in whatever way.
  std::uint32_t pauses = 0;     ///< In a row, because it could not be reached.
  SteadyTime paused_until{};    ///< While `paused`.
  Group* group = nullptr;       ///< Of its limit; null: none, or not known yet.
  std::unique_ptr<Group> own;   ///< `group`, of a limit for each destination.
  std::size_t hosts_hash = 0;   ///< Of the hosts that decided `group`; 0: none did.
  SteadyTime reserved_until{};  ///< While `reserved`.
  std::uint8_t lines = 0;       ///< Where it waits: bits of Line.
  bool used = false;            ///< Not free for another name.
  bool works = false;           ///< It took something, and not much went wrong since.
  bool paused = false;          ///< By its failures.
  bool held = false;            ///< By the operator.
  bool hosts_decide = false;    ///< Its limit depends on its hosts.
  bool undetermined = false;    ///< ... which are not known yet: one worker finds out.
  bool moving = false;          ///< Other hosts, another limit: all workers end first.
  bool reserved = false;        ///< A token is kept for the worker that starts.
  bool ticket = false;          ///< It had its turn for a token and lacked a slot.
  bool noted = false;           ///< In the list of what something may be done for.
  std::uint8_t woken = 0;       ///< Whose turn it is to start a worker: bits of Line.
};

}  // namespace veredus::queue
