// The queue: our promise. Owns every message from our 250 to its last recipient's outcome.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "io/system.h"
#include "io/task.h"
#include "mail/queue/config.h"
#include "mail/queue/destination_view.h"
#include "mail/queue/envelope.h"
#include "mail/queue/message.h"
#include "mail/queue/notice.h"
#include "mail/queue/order.h"
#include "storage/storage.h"

namespace veredus::queue {

/// Recipients of one message that share a next hop, handed to a worker for one attempt.
struct Job {
  std::shared_ptr<const Envelope> envelope;
  std::vector<std::uint32_t> recipients;  ///< Indexes into envelope->recipients.
  std::string destination;
  std::vector<Bytes> chunks;  ///< The whole body while it is in memory, else empty.
  bool more = false;  ///< More waits than the destination's workers can take: see next_besides().
};

/// What a worker asks for.
struct Wish {
  std::string destination;
  std::vector<std::string> hosts = {};  ///< See Queue::next().
  Duration idle{};
  bool besides = false;  ///< It has a job: see Queue::next_besides().
};

/// What came of one recipient in one attempt.
struct Outcome {
  std::uint32_t recipient = 0;    ///< Index into the envelope's recipients.
  State state = State::deferred;  ///< delivered, relayed, deferred or failed.
  std::string reply;              ///< Remote reply (PeerReply::verbatim()) or our reason: one line.
  std::string remote;             ///< Host and address that said so, or empty.
  /// Hosts that were tried before that one, and why not: one line.
  std::string passed_over = {};
  std::string tls = {};                  ///< Version, cipher and whether verified; or empty.
  std::chrono::milliseconds duration{};  ///< Of the attempt.
  /// With `deferred`: no host of the destination could be spoken to at all, so that other mail
  /// for it had better wait a little too.
  bool unreachable = false;
};

/// One line of `veredus queue list`.
struct Listed {
  Envelope envelope;
  std::vector<Standing> standings;  ///< As many as recipients.
  bool is_touched = false;          ///< Some standing of it is on disk.
};

class Owner;
class Spool;

/// Thread-safe where a member says so; all else is called on the owner: the first reactor.
/// Tasks of its own run there: it must outlive all tasks of the reactors.
class Queue {
 public:
  /// The name of a recipient's next hop: recipients with equal names share workers, connections
  /// and limits. Pure and quick; called on the owner.
  using DestinationOf = std::function<std::string(const Recipient&)>;
  /// Asks for one more worker for a destination, which has work and room. Called on the owner.
  using StartWorker = std::function<void(const std::string& destination)>;

  Queue(const QueueConfig& config, const io::System& system, storage::Storage& storage);
  ~Queue();
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  using NewId = std::function<QueueId()>;
  struct Hooks {
    DestinationOf destination_of;
    StartWorker start_worker;
    ComposeNotice compose_notice;
    /// An operator wants attempts now: what delivery remembers of failures must not stop them.
    std::function<void()> forget_failures = {};
  };
  /// Before start().
  void connect(Hooks hooks);
  /// Reads what an earlier run left and begins to schedule. On the owner, before any other call
  /// but connect(). Errors: unavailable, from storage.
  io::Task<Result<>> start();
  /// No more jobs are handed out; every waiting next() returns nothing. Jobs under way may still
  /// be reported. On the owner.
  void stop();

  // From any reactor:

  /// Greater than every id given out before and every id in storage.
  QueueId new_id();
  /// Streams out chunk number `chunk` of a body too large for one batch (storage::kChunkBytes).
  io::Task<Result<>> append(QueueId id, std::uint32_t chunk, Bytes octets);
  /// Gives up what was appended.
  io::Task<> discard(QueueId id, std::uint32_t chunk_count);

  /// Makes the message ours. Once this returns a value it survives a crash of the process or the
  /// machine; only then may the client be told 250 (RFC 5321 §6.1). One atomic write of envelope
  /// and body; concurrent calls share one flush. The first attempt starts at once, with the body
  /// still in memory while the memory budget lasts.
  ///
  /// Takes `message` by value: it lives in this coroutine's frame until durable. Its envelope has
  /// an id from new_id() and at least one recipient; chunk_count is counted here.
  /// Errors: overloaded (too little disk space or too many messages: say 452 4.3.1),
  /// unavailable (I/O: say 451 4.3.0). After an error nothing is left behind, what was appended
  /// neither.
  io::Task<Result<>> submit(Message message);

  /// The next job of a destination for a worker that is free, waiting up to `wish.idle` for one.
  /// `wish.hosts` are the names of its MX hosts, the best first, or none: limits may be set for
  /// them. Nothing: the worker must end (it is then no longer counted). Every job that is returned
  /// must be given to report() exactly once, also when the worker fails.
  io::Task<std::optional<Job>> next(Wish wish);
  /// Notes the outcomes of a job's recipients (a recipient without one is deferred) and
  /// schedules what is to be tried again. Returns when noted in memory; the disk follows: a crash
  /// before it may deliver twice, never zero times.
  io::Task<> report(Job job, std::vector<Outcome> outcomes);

  /// One more job for a worker that has one, to be sent right behind it on the same connection;
  /// nothing when there is none now that no other worker could take. As next()'s.
  io::Task<std::optional<Job>> next_besides(std::string destination);
  /// report(), then next() or, with `wish.besides`, next_besides(): the owner is asked once.
  io::Task<std::optional<Job>> report_and_next(Job job, std::vector<Outcome> outcomes, Wish wish);

  /// Chunk `index` of a job's body, from memory or from storage.
  io::Task<Result<Bytes>> chunk(const Job& job, std::uint32_t index);

  // For operators, from any reactor:

  /// Messages in order of id from `from` on, at most `limit`; to go on, ask from the last id + 1.
  io::Task<Result<std::vector<Listed>>> list(QueueId from, std::size_t limit);
  io::Task<Result<std::optional<Listed>>> find(QueueId id);
  /// Chunk `index` of a message's body. Errors: unavailable, also when it is gone.
  io::Task<Result<Bytes>> body(QueueId id, std::uint32_t index);
  /// Where a recipient goes next.
  std::string destination_of(const Recipient& recipient, const Standing& standing) const;

  /// Carries out an order and returns how many recipients it changed: those it does not apply to
  /// (being tried at this moment, over, not held, ...) are left as they are. What was changed is
  /// on disk when this returns. At most kTargetsMax targets in one call.
  /// Order::route is taken as it is. Errors: unavailable (storage; some may be changed).
  io::Task<Result<std::size_t>> order(std::vector<Target> targets, Order order);
  static constexpr std::size_t kTargetsMax = 1000;

  /// To be called when Hooks::destination_of answers otherwise than before: what waits goes where
  /// it belongs now, in the background.
  io::Task<> replan();
  /// Gives a destination no more mail until resume(), which also ends a pause that failures
  /// brought. Remembered across restarts. Errors: unavailable (storage; nothing has changed).
  io::Task<Result<>> pause(std::string destination);
  io::Task<Result<>> resume(std::string destination);
  /// Every destination that has mail or workers, and those an operator paused.
  io::Task<std::vector<DestinationView>> destinations();
  /// Messages in the queue.
  std::size_t messages() const noexcept;

 private:
  template <class Work>
  auto on_owner(Work work) -> io::Task<std::invoke_result_t<Work, Owner&>>;
  io::Task<std::vector<Listed>> refreshed(std::vector<Listed> lines);

  const QueueConfig config_;
  const io::System system_;
  storage::Storage& storage_;
  std::unique_ptr<Spool> spool_;
  DestinationOf destination_of_;
  std::unique_ptr<Owner> owner_;
  std::atomic<std::uint64_t> last_id_{0};
};

/// Reads a queue without running it: for `veredus queue list` while no server runs.
io::Task<Result<std::vector<Listed>>> list_stored(storage::Meta& meta, QueueId from,
                                                  std::size_t limit);

}  // namespace veredus::queue
