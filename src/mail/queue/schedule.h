// Who is tried next: destinations, their waiting messages and their workers. Pure: no clock, no
// I/O, no message; time is passed in, decisions come out of act().

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "mail/queue/config.h"
#include "mail/queue/destination.h"
#include "mail/queue/destination_view.h"
#include "mail/queue/fair_queue.h"
#include "mail/queue/limits.h"

namespace veredus::queue {

/// One job to be: some recipients of a message at one destination. Which ones is read from the
/// message when its turn comes, so that a waiting message costs these 16 octets and nothing else.
struct Entry {
  QueueId id{};
  DestinationId destination{};
  SenderKey sender{};
};
static_assert(sizeof(Entry) == 16);

/// What its job came to, for the destination as a whole.
enum class Verdict : std::uint8_t {
  success,      ///< Some recipient got a final answer: the destination works.
  failure,      ///< All recipients deferred by the destination's replies.
  unreachable,  ///< All deferred, and there was no dialogue at all.
};

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
/// - a destination that is held by the operator or paused gets nothing and its idle workers end;
/// - of a destination's entries senders take turns, and each one's go in their order;
/// - a job goes to an idle worker of its destination, the last that came first;
/// - else a worker is started, while the destination is under its allowance, which starts at
///   workers_start, grows by one with each success up to workers_per_destination_max (local mail:
///   workers_local_max) and halves with each failure;
/// - destinations under one limit share its workers and its messages a minute, and take turns at
///   both; a destination whose limit depends on its hosts has one worker until they are known;
/// - the last quarter of all workers is kept for destinations that have no worker yet, so that
///   slow ones never take all;
/// - when the number of workers binds, in all or in a limit, idle workers end for busy
///   destinations, and a worker that asks again ends for a destination that has none:
///   destinations take turns.
///
/// Not thread-safe. Every call is O(1) or O(log n) but for those that say otherwise.
class Schedule {
 public:
  /// Failures in a row that pause a destination although it answers.
  static constexpr std::uint32_t kFailuresMax = 5;
  /// Entries that may wait for a destination of which nobody knows yet whether it works.
  static constexpr std::size_t kBacklogMax = 128;
  /// So long a destination that refused one connection more has no more than it took.
  static constexpr Duration kCeiling = std::chrono::minutes(1);
  /// Longest pause of a destination, in units of destination_pause.
  static constexpr std::uint32_t kPauseFactorMax = 32;
  /// A limit's next message is kept for a destination whose worker is just starting, this long.
  static constexpr Duration kReserve = std::chrono::seconds(5);

  /// `epoch` is the time zero of due times: no due time may be before it. `config` is checked().
  Schedule(const QueueConfig& config, SteadyTime epoch);
  Schedule(const Schedule&) = delete;
  Schedule& operator=(const Schedule&) = delete;

  /// The id of a destination's name. It stays valid while an entry or a job refers to it; an id
  /// that nothing refers to yet is valid until the next call of act().
  DestinationId intern(std::string_view name);
  const std::string& name(DestinationId destination) const { return at(destination).name; }

  /// An entry that may be handed out now, when its sender's turn comes.
  void add(Entry entry);
  /// An entry that waits until `due`, to the second, rounded up.
  void defer(Entry entry, SteadyTime due);
  /// Removes all entries of these messages, waiting and deferred, not those handed out. O(entries)
  /// for the whole set.
  void forget(const std::unordered_set<QueueId>& ids);

  /// A worker of a destination asks for a job and will wait until `deadline`. It was started by
  /// an Action, or is a stranger, which ends. `hosts`: the MX host names that it found for the
  /// destination, in lower case; they decide which limits with an `mx` pattern apply (any of them
  /// may match). Empty: it knows none; then what was told before stays, and a destination of
  /// which nothing was ever told goes on with one worker.
  void ask(std::string_view destination, WaiterId waiter, SteadyTime deadline,
           const std::vector<std::string>& hosts);
  /// True when more waits for a destination than its workers can take at once.
  bool has_more(DestinationId destination) const;
  /// The next entry, for a worker that has a job already, to go right behind it; nothing where
  /// has_more() says no, or when it `may_go` not: nobody is passed over. As one that act() hands
  /// out: answer with done().
  std::optional<Entry> take_besides(std::string_view destination,
                                    const std::function<bool(QueueId)>& may_go);
  /// A job that was handed out is over: the entry is gone; what remains of it was added or deferred
  /// before.
  void done(DestinationId destination);
  /// Notes how a job went; `error`: what was said when it was no success. True when a destination
  /// that works for others of its workers took no connection of one more: the job was none, and
  /// had better be handed out again.
  [[nodiscard]] bool judge(DestinationId destination, Verdict verdict, SteadyTime now,
                           std::string_view error);
  /// True when an entry of this destination will not be handed out soon: it is held or paused, or
  /// nothing went through yet and kBacklogMax wait already. Not worth keeping in memory.
  bool is_put_off(DestinationId destination) const;
  /// The messages that wait for a worker of this destination, sender by sender. O(entries).
  std::vector<QueueId> waiting(DestinationId destination) const;
  /// All messages that have entries, each once. O(entries).
  std::vector<QueueId> messages() const;
  /// The messages that wait for a worker of any destination and have a higher level than at the
  /// last call. O(entries).
  std::vector<QueueId> grown(const std::function<std::uint8_t(QueueId)>& level_of);
  /// Why what waits for a worker of this destination still does, with an enhanced status code.
  std::string reason_to_wait(DestinationId destination) const;

  /// Operator's pause: nothing is handed out until resume(), however long the destination is
  /// unknown meanwhile. Jobs under way go on.
  void hold(std::string_view destination);
  /// Ends hold(), and an automatic pause with its history: what waits is tried now.
  void resume(std::string_view destination);

  /// The next thing to do at `now`, which never goes back; call until nothing.
  std::optional<Action> act(SteadyTime now);
  /// When act() may have something to do again without another call; nothing: never.
  std::optional<SteadyTime> next_event() const;
  /// No job is handed out and no worker started any more; every waiting worker ends.
  void stop();

  std::size_t ready() const noexcept { return ready_; }
  std::size_t deferred() const noexcept { return deferred_.size(); }
  std::uint32_t workers() const noexcept { return all_.workers; }
  std::uint32_t workers(std::string_view destination) const;
  std::size_t destinations() const noexcept { return by_name_.size(); }
  /// All destinations that exist, and names that are held without one; in order of name.
  std::vector<DestinationView> views() const;
  /// Nothing when the destination neither exists nor is held.
  std::optional<DestinationView> view(std::string_view destination) const;

 private:
  struct Deferred {
    std::uint32_t due_s;  ///< Seconds since the epoch.
    DestinationId destination;
    QueueId id;
    SenderKey sender;
  };
  static_assert(sizeof(Deferred) <= 24);

  Destination& at(DestinationId id) { return destinations_[static_cast<std::uint32_t>(id)]; }
  const Destination& at(DestinationId id) const {
    return destinations_[static_cast<std::uint32_t>(id)];
  }

  // schedule.cc: entries, and how destinations stand.
  std::optional<DestinationId> find(std::string_view name) const;
  DestinationView view_of(const Destination& destination) const;
  void touch(DestinationId id);
  void release(DestinationId id);
  void forget_unused(DestinationId id);
  std::uint32_t workers_start() const noexcept;
  std::uint32_t workers_max_of(const Destination& destination) const noexcept;
  void pause(DestinationId id, SteadyTime until);
  void end_pause(DestinationId id);
  void advance(SteadyTime now);

  // schedule_workers.cc: who works.
  void act_on(DestinationId id);
  void hand(DestinationId id, WaiterId waiter);
  std::uint32_t allowance(const Destination& destination) const noexcept;
  bool wants_worker(const Destination& destination) const noexcept;
  void start_or_wait(DestinationId id, std::uint8_t woken);
  void wait_for_slot(Pool& pool, DestinationId id);
  bool must_yield(const Destination& destination) const noexcept;
  bool must_yield(const Pool& pool, const Destination& destination) const noexcept;
  bool wake_one();
  bool wake(Pool& pool);
  void put_idle(DestinationId id, Destination::Waiter waiter);
  void take_idle(DestinationId id, Destination::Waiter waiter);
  void end_first_idle(const Pool& pool);
  bool expire_idle();
  void end_idle(DestinationId id);
  void end_worker(DestinationId id, WaiterId waiter);

  // schedule_limits.cc: what destinations share.
  Group make_group(GroupId id, LimitTable::Index limit) const;
  Group* find(GroupId id);
  Group* group_of(DestinationId id, std::optional<LimitTable::Index> limit);
  void find_limit(DestinationId id);
  bool settle_limit(DestinationId id, const std::vector<std::string>& hosts);
  bool move_to(DestinationId id, std::optional<LimitTable::Index> limit);
  void moved_out(DestinationId id);
  std::uint32_t free_tokens(const Group& group) const noexcept;
  bool may_take_token(DestinationId id);
  void take_token(DestinationId id);
  void reserve_token(DestinationId id);
  void unreserve_token(DestinationId id);
  bool wake(Group& group);
  void touch(Group& group);
  void set_timer(Group& group, SteadyTime time);
  void clear_timer(Group& group);

  const QueueConfig config_;
  const LimitTable limits_;
  const SteadyTime epoch_;
  SteadyTime now_;  // the last that act() was told
  bool stopped_ = false;
  std::deque<Destination> destinations_;  // by DestinationId; a deque keeps name() valid
  std::vector<DestinationId> free_;       // unused places in destinations_
  std::unordered_map<std::string_view, DestinationId> by_name_;
  std::set<std::string, std::less<>> held_;
  std::vector<Deferred> deferred_;  // a heap, the earliest in front
  std::size_t ready_ = 0;
  Pool all_;
  std::vector<Group> groups_;                                // by limit; never resized
  std::deque<DestinationId> touched_;                        // something may be done for these
  std::deque<GroupId> touched_groups_;                       // something may be free in these
  std::deque<Action> decided_;                               // not yet returned by act()
  std::set<std::pair<SteadyTime, DestinationId>> pauses_;    // when they end
  std::set<std::pair<SteadyTime, DestinationId>> reserves_;  // when reserved tokens are free again
  std::set<std::pair<SteadyTime, GroupId>> timers_;          // when groups are looked at again
};

}  // namespace veredus::queue
