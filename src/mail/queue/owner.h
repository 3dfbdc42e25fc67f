// The owner: the one reactor that knows what every message in the queue waits for. Private to the
// queue.

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "io/call_on.h"
#include "io/system.h"
#include "mail/queue/config.h"
#include "mail/queue/queue.h"
#include "mail/queue/schedule.h"
#include "mail/queue/spool.h"

namespace veredus::queue {

/// A message of which more than its entries in the schedule is in memory: it is fresh, under way,
/// or its outcome is not on disk yet.
struct Working {
  struct Part {
    Standing standing;
    DestinationId destination{};
    bool busy = false;      ///< In a job that was not reported yet.
    bool changed = false;   ///< Its standing is not on disk yet.
    bool recorded = false;  ///< Some standing of it is on disk.

    bool is_over() const noexcept { return is_final(standing.state); }
    bool is_open() const noexcept { return !busy && !is_over(); }
  };

  std::shared_ptr<const Envelope> envelope;  ///< Null while it is being loaded.
  std::vector<Part> parts;                   ///< As many as recipients.
  std::vector<Bytes> chunks;  ///< The body, until the first attempt of all recipients.
  std::uint64_t charged = 0;  ///< Octets of the memory budget.
  /// Accepted by this process: pending recipients keep it here, but for those whose destination
  /// will not be tried soon.
  bool fresh = false;
  bool writing = false;                            ///< A task brings its changes to disk.
  std::vector<std::weak_ptr<io::Signal>> waiting;  ///< For its being loaded.
};

/// Everything here runs on the owner's reactor, but for messages().
class Owner {
 public:
  /// Messages whose outcome may wait for the disk before no more jobs are handed out.
  static constexpr std::size_t kUnwrittenMax = 4096;

  Owner(const QueueConfig& config, const io::System& system, Spool& spool);

  void connect(Queue::DestinationOf destination_of, Queue::StartWorker start_worker);
  /// Takes in a message that an earlier run left.
  void recover(Brief brief);
  /// Begins to schedule.
  void run();
  void stop();

  /// A message that was just made durable.
  void arrive(std::shared_ptr<const Envelope> envelope, std::vector<Bytes> chunks);
  void ask(const std::string& destination, Duration idle, io::Answer<std::optional<Job>> answer);
  void report(const Job& job, std::vector<Outcome> outcomes);
  /// Brings lines read from disk up to what is known in memory.
  void refresh(std::vector<Listed>& lines) const;

  /// In the queue, those held for a bounce included. Thread-safe.
  std::atomic<std::uint64_t>& messages() noexcept { return messages_; }

 private:
  enum class Loaded : std::uint8_t { ready, missing, failed };
  struct Waiter {
    io::Answer<std::optional<Job>> answer;
    SteadyTime deadline;
  };
  using Shared = std::shared_ptr<Working>;

  io::Task<> keep_time();
  void pump();
  void perform(const Action& action);
  bool give(const Action& action);
  io::Task<> give_later(Action action);
  void ask_again(const Action& action);
  void answer(WaiterId waiter, std::optional<Job> job);

  Working* find(QueueId id);
  io::Task<Loaded> obtain(QueueId id);
  Shared adopt(std::shared_ptr<const Envelope> envelope, std::vector<Standing> standings);
  std::vector<Working::Part> parts_of(const std::vector<Recipient>& recipients,
                                      std::vector<Standing> standings);
  void plan(const std::vector<Working::Part>& parts, QueueId id);
  std::vector<std::uint32_t> pick(Working& work, Entry entry);
  void note(Working& work, Entry entry, const std::vector<Outcome>& outcomes);
  void note_one(Working& work, const Outcome& outcome, WallTime retry_at);
  io::Task<> drain(DestinationId destination, std::vector<Entry> entries, Outcome sample);
  void write(QueueId id);
  io::Task<> persist(Shared work);
  io::Task<Result<>> persist_once(Working& work);
  void settle(QueueId id);

  io::Reactor& reactor() const { return *system_.reactors.front(); }

  const QueueConfig config_;
  const io::System system_;
  Spool& spool_;
  Queue::DestinationOf destination_of_;
  Queue::StartWorker start_worker_;
  Schedule schedule_;
  std::unordered_map<QueueId, Shared> working_;
  std::unordered_map<WaiterId, Waiter> waiters_;
  std::uint64_t next_waiter_ = 1;
  io::Signal* changed_ = nullptr;  // wakes keep_time(), in whose frame it is
  SteadyTime wake_at_{};           // when it wakes by itself
  std::uint64_t memory_bytes_ = 0;
  std::size_t unwritten_ = 0;
  bool stopped_ = false;
  bool pumping_ = false;
  std::atomic<std::uint64_t> messages_{0};
};

}  // namespace veredus::queue
