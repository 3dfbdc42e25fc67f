// Who is tried next: destinations, their waiting messages and their workers. Pure: no clock, no
// I/O, no message; time is passed in, decisions come out of act().

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "mail/queue/config.h"

namespace veredus::queue {

/// A destination while anything refers to it; used again for another one after that.
enum class DestinationId : std::uint32_t {};

/// One job to be: some recipients of a message at one destination. Which ones is read from the
/// message when its turn comes, so that a waiting message costs these 16 octets and nothing else.
struct Entry {
  QueueId id{};
  DestinationId destination{};
};

/// What its job came to, for the destination as a whole.
enum class Verdict : std::uint8_t {
  success,      ///< Some recipient got a final answer: the destination works.
  failure,      ///< All recipients deferred by the destination's replies.
  unreachable,  ///< All deferred, and there was no dialogue at all.
};

/// A worker that asked for a job. Chosen by the caller; never reused while it waits.
enum class WaiterId : std::uint64_t {};

/// What the owner must do now.
struct Action {
  enum class Kind : std::uint8_t {
    start,  ///< Start a worker for `destination`; it is counted already.
    hand,   ///< Give `waiter` the job `entry`. Answer with done() later.
    end,    ///< Tell `waiter` to end; it is counted no longer.
  };
  Kind kind;
  DestinationId destination{};
  WaiterId waiter{};
  Entry entry{};
};

/// Rules, in the order they are applied:
/// - a destination that is paused gets nothing and its idle workers end;
/// - a job goes to an idle worker of its destination, first come, first served;
/// - else a worker is started, while the destination is under its allowance, which starts at
///   kStartWorkers, grows by one with each success up to workers_per_destination_max and halves
///   with each failure;
/// - the last quarter of workers_max is kept for destinations that have no worker yet, so that
///   slow ones never take all;
/// - when workers_max binds, idle workers end for busy destinations, and a worker that asks again
///   ends for a destination that has none: destinations take turns.
///
/// Not thread-safe. Every call is O(1) or O(log n).
class Schedule {
 public:
  static constexpr std::uint32_t kStartWorkers = 2;
  /// Failures in a row that pause a destination although it answers.
  static constexpr std::uint32_t kFailuresMax = 5;
  /// Entries that may wait for a destination of which nobody knows yet whether it works.
  static constexpr std::size_t kBacklogMax = 128;
  /// Longest pause of a destination, in units of destination_pause.
  static constexpr std::uint32_t kPauseFactorMax = 32;

  /// `epoch` is the time zero of due times: no due time may be before it.
  Schedule(const QueueConfig& config, SteadyTime epoch);

  /// The id of a destination's name. It stays valid while an entry or a job refers to it; an id
  /// that nothing refers to yet is valid until the next call of act().
  DestinationId intern(std::string_view name);
  const std::string& name(DestinationId destination) const { return at(destination).name; }

  /// An entry that may be handed out now, after those that came before.
  void add(Entry entry);
  /// An entry that waits until `due`, to the second, rounded up.
  void defer(Entry entry, SteadyTime due);

  /// A worker of a destination asks for a job and will wait until `deadline`. It was started by
  /// an Action, or is a stranger, which ends.
  void ask(std::string_view destination, WaiterId waiter, SteadyTime deadline);
  /// A job that was handed out (or taken by take_ready) is over: the entry is gone; what remains
  /// of it was added or deferred before.
  void done(DestinationId destination);
  /// Notes how a job went. True when a destination that was left alone and tried again still
  /// cannot be reached: take_ready() should be noted as deferred, for none would fare better.
  [[nodiscard]] bool judge(DestinationId destination, Verdict verdict, SteadyTime now);
  /// True when an entry of this destination will not be handed out soon: it is paused, or nothing
  /// went through yet and kBacklogMax wait already. Not worth keeping in memory.
  bool is_put_off(DestinationId destination) const;
  /// The messages that wait for a worker of this destination, in their order.
  std::vector<QueueId> waiting(DestinationId destination) const {
    return at(destination).ready.all();
  }
  /// All entries that wait for a worker of this destination, as if handed out.
  std::vector<Entry> take_ready(DestinationId destination);

  /// The next thing to do at `now`; call until nothing.
  std::optional<Action> act(SteadyTime now);
  /// When act() may have something to do again without another call; nothing: never.
  std::optional<SteadyTime> next_event() const;
  /// No job is handed out and no worker started any more; every waiting worker ends.
  void stop();

  std::size_t ready() const noexcept { return ready_; }
  std::size_t deferred() const noexcept { return deferred_.size(); }
  std::uint32_t workers() const noexcept { return workers_; }
  std::uint32_t workers(std::string_view destination) const;
  std::size_t destinations() const noexcept { return by_name_.size(); }

 private:
  /// First in, first out, without std::deque's half kilobyte when empty.
  class Fifo {
   public:
    bool empty() const noexcept { return head_ == ids_.size(); }
    std::size_t size() const noexcept { return ids_.size() - head_; }
    void push(QueueId id) { ids_.push_back(id); }
    QueueId pop();
    std::vector<QueueId> all() const;
    std::vector<QueueId> take_all();

   private:
    std::vector<QueueId> ids_;
    std::size_t head_ = 0;
  };
  struct Deferred {
    std::uint32_t due_s;  ///< Seconds since the epoch.
    DestinationId destination;
    QueueId id;
  };
  struct Waiter {
    WaiterId id;
    SteadyTime deadline;
  };
  struct Destination {
    std::string name;
    Fifo ready;
    std::vector<Waiter> idle;    ///< Workers that wait; the last one in is the first out.
    std::size_t references = 0;  ///< Entries and jobs handed out.
    std::uint32_t workers = 0;   ///< Started and not ended.
    std::uint32_t starting = 0;  ///< Of these, such as never asked yet.
    std::uint32_t allowed = kStartWorkers;
    std::uint32_t failures = 0;  ///< Since it worked or paused, though it answers.
    std::uint32_t pauses = 0;    ///< In a row, because it could not be reached.
    SteadyTime paused_until{};   ///< In the past: not paused.
    bool used = false;           ///< Not free for another name.
    bool paused = false;
    bool noted = false;          ///< In touched_.
    bool woken = false;          ///< It is its turn to start a worker.
    bool blocked_first = false;  ///< In blocked_first_.
    bool blocked_more = false;   ///< In blocked_more_.
  };

  Destination& at(DestinationId id) { return destinations_[static_cast<std::uint32_t>(id)]; }
  const Destination& at(DestinationId id) const {
    return destinations_[static_cast<std::uint32_t>(id)];
  }
  void touch(DestinationId id);
  void advance(SteadyTime now);
  void release(DestinationId id);
  std::optional<Action> act_on(DestinationId id);
  std::optional<Action> start_or_block(DestinationId id, bool woken);
  void evict_idle();
  void hand(DestinationId id, WaiterId waiter);
  bool has_slot(const Destination& destination, bool woken) const noexcept;
  bool must_yield(const Destination& destination) const noexcept;
  void end_worker(DestinationId id, WaiterId waiter);
  void end_idle(DestinationId id);
  void pause(DestinationId id, SteadyTime until);
  bool wake_blocked();

  const QueueConfig config_;
  const SteadyTime epoch_;
  bool stopped_ = false;
  std::deque<Destination> destinations_;  // by DestinationId; a deque keeps name() valid
  std::vector<DestinationId> free_;       // unused places in destinations_
  std::unordered_map<std::string_view, DestinationId> by_name_;
  std::vector<Deferred> deferred_;  // a heap, the earliest in front
  std::size_t ready_ = 0;
  std::uint32_t workers_ = 0;
  std::deque<DestinationId> touched_;                      // something may be done for these
  std::deque<DestinationId> blocked_first_;                // want their first worker; no slot
  std::deque<DestinationId> blocked_more_;                 // want another worker; no slot
  std::deque<Action> decided_;                             // not yet returned by act()
  std::set<std::pair<SteadyTime, DestinationId>> pauses_;  // when they end
  std::set<std::tuple<SteadyTime, WaiterId, DestinationId>> idle_;  // waiting workers
};

}  // namespace veredus::queue
