// The owner: the one reactor that knows what every message in the queue waits for. Private to the
// queue.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "io/call_on.h"
#include "io/system.h"
#include "mail/queue/backoff.h"
#include "mail/queue/config.h"
#include "mail/queue/message_age.h"
#include "mail/queue/notice_pace.h"
#include "mail/queue/queue.h"
#include "mail/queue/schedule.h"
#include "mail/queue/spool.h"
#include "mail/queue/working.h"

namespace veredus::queue {

/// Everything here runs on the owner's reactor, but for messages().
class Owner {
 public:
  /// Messages whose outcome may wait for the disk before no more jobs are handed out.
  static constexpr std::size_t kUnwrittenMax = 4096;

  Owner(const QueueConfig& config, const io::System& system, Spool& spool, Queue::NewId new_id);

  void connect(Queue::Hooks hooks) { hooks_ = std::move(hooks); }
  /// Takes in a message that an earlier run left.
  void recover(Brief brief);
  /// Begins to schedule.
  void run();
  void stop();

  /// A message that was just made durable.
  void arrive(std::shared_ptr<const Envelope> envelope, std::vector<Bytes> chunks);
  void ask(const Wish& wish, io::Answer<std::optional<Job>> answer);
  /// See Queue::next_besides(). What is not in memory is none.
  std::optional<Job> take_besides(const std::string& destination);
  void report(const Job& job, std::vector<Outcome> outcomes);
  /// Brings lines read from disk up to what is known in memory.
  void refresh(std::vector<Listed>& lines) const;

  using Changed = Result<std::size_t>;
  /// See Queue::order().
  void order(std::vector<Target> targets, Order order, io::Answer<Changed> answer);
  /// What was paused when the last run ended; before run().
  void recover_paused(const std::string& destination) { schedule_.hold(destination); }
  void hold(const std::string& destination);
  void resume(const std::string& destination);
  /// Where recipients go by itself may have changed: gives every message entries anew.
  void replan();
  std::vector<DestinationView> destinations() const { return schedule_.views(); }

  /// In the queue. Thread-safe.
  std::atomic<std::uint64_t>& messages() noexcept { return messages_; }

 private:
  enum class Loaded : std::uint8_t { ready, missing, failed };
  struct Waiter {
    io::Answer<std::optional<Job>> answer;
    SteadyTime deadline;
  };
  using Shared = std::shared_ptr<Working>;

  // owner.cc: time, workers and jobs.
  io::Task<> keep_time();
  void observe_clock();
  void pump();
  void perform(const Action& action);
  std::optional<Job> make_job(const Entry& entry);
  bool give(const Action& action);
  io::Task<> give_later(Action action);
  void ask_again(const Action& action);
  void answer(WaiterId waiter, std::optional<Job> job);

  // owner_messages.cc: messages and their entries in the schedule.
  Working* find(QueueId id);
  io::Task<Loaded> obtain(QueueId id);
  Loaded take_in(QueueId id, Result<std::optional<Listed>> stored);
  Shared adopt(std::shared_ptr<const Envelope> envelope, std::vector<Standing> standings);
  void keep(const Shared& work, std::vector<Bytes> chunks);
  std::vector<Working::Part> parts_of(const std::vector<Recipient>& recipients,
                                      std::vector<Standing> standings);
  void set_destination(Working::Part& part, const Recipient& recipient);
  void plan(const std::vector<Working::Part>& parts, QueueId id, SenderKey sender);
  void plan_anew(Working& work);
  void enter(Entry entry, Duration wait);
  std::vector<std::uint32_t> pick(Working& work, Entry entry);
  void take_in_hand(QueueId id) { ++in_hand_[id]; }
  bool is_still_in_hand(QueueId id);
  void settle(QueueId id);
  static void wake(Working& work);

  // owner_outcomes.cc: what became of attempts.
  void note(Working& work, Entry entry, const std::vector<Outcome>& outcomes);
  void tell_trace(Working& work, const std::vector<Outcome>& outcomes,
                  std::string_view destination) const;
  void note_one(Working& work, const Outcome& outcome, WallTime next);
  void defer_or_expire(const Working& work, Working::Part& part, WallTime next) const;
  void give_up(const Working& work, Standing& standing) const;
  bool is_late(const Working& work, const Standing& standing, Duration age) const;
  Patience patience_of(const Envelope& envelope) const;
  void put_back(Working& work, Entry entry, const std::vector<Outcome>& outcomes);

  // owner_writes.cc: bringing it to disk, and telling senders.
  void write(QueueId id);
  io::Task<> persist(Shared work);
  void conclude(const Working& work, Spool::Update update);
  static bool wants_writing(const Working& work);
  io::Task<std::optional<std::string>> start_of(const Working& work);
  Spool::Update take_changes(Working& work, const std::optional<std::string>& start);
  void tell(Working& work, std::string_view start, NoticeKind kind, Spool::Update& update);
  Result<Made> make_notice(const NoticeRequest& request);
  void arrive_made(Made made);
  io::Task<> tell_recovered();

  // owner_ages.cc: mail that gets old while it waits for its turn.
  io::Task<> review();
  io::Task<> look_at(std::vector<QueueId> ids);
  std::uint8_t level_of(Duration age) const;
  bool has_expired(const Working& work) const;
  bool grow_late(Working& work);
  std::size_t expire(Working& work);

  // owner_orders.cc: what operators want.
  /// What is done to one message: how many recipients it changed.
  using Change = std::function<std::size_t(Working& work, const Target& target)>;
  io::Task<> carry_out(std::vector<Target> targets, Change change, io::Answer<Changed> answer);
  io::Task<> plan_all_again(std::vector<QueueId> ids);
  void forget_entries(QueueId id);
  io::Task<> plan_again(QueueId id);
  std::size_t apply(Working& work, const Target& target, const Order& order);
  bool apply_one(Working& work, std::uint32_t recipient, const Order& order);
  bool try_now(Working& work, std::uint32_t recipient);
  io::Task<bool> wait_until_written(std::vector<QueueId> ids);

  io::Reactor& reactor() const { return *system_.reactors.front(); }

  const QueueConfig config_;
  const io::System system_;
  Spool& spool_;
  const Queue::NewId new_id_;
  Queue::Hooks hooks_;
  Schedule schedule_;
  MessageAge age_;
  NoticePace notice_pace_;
  std::unordered_map<QueueId, Shared> working_;
  std::unordered_map<WaiterId, Waiter> waiters_;
  std::uint64_t next_waiter_ = 1;
  /// Entries that left the schedule and did not find their recipients yet; and how many of such an
  /// order made void meanwhile.
  std::unordered_map<QueueId, std::uint32_t> in_hand_;
  std::unordered_map<QueueId, std::uint32_t> void_;
  /// Messages whose entries an order took out, with those that got new ones meanwhile (true).
  std::unordered_map<QueueId, bool> ordering_;
  std::vector<QueueId> untold_;      // of an earlier run
  std::vector<QueueId> look_again_;  // for the next review()
  io::Signal* changed_ = nullptr;    // wakes keep_time(), in whose frame it is
  SteadyTime wake_at_{};             // when it wakes by itself
  std::uint64_t memory_bytes_ = 0;
  std::size_t unwritten_ = 0;
  bool stopped_ = false;
  bool pumping_ = false;
  std::atomic<std::uint64_t> messages_{0};
};

}  // namespace veredus::queue
