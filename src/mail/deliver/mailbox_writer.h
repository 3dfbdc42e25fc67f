// Mail for mailboxes of this server, written together with what comes at the same time.

#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <mutex>
#include <vector>

#include "base/time.h"
#include "io/system.h"
#include "io/task.h"
#include "mail/deliver/maildir.h"

namespace veredus::deliver {

/// For all reactors. A few workers write, and each takes as much of what waits as it can bring to
/// the disk at once: the busier the mailboxes, the more messages share a flush. Destroy it when the
/// workers run no more; what waits when they are stopped is still written.
class MailboxWriter {
 public:
  /// `system` outlives it.
  explicit MailboxWriter(const io::System& system) : system_(system) {}
  MailboxWriter(const MailboxWriter&) = delete;
  MailboxWriter& operator=(const MailboxWriter&) = delete;

  /// Writes one message into each of the places, as write_maildirs() does; the results are in their
  /// order. `chunks` outlive the call.
  io::Task<std::vector<Result<>>> write(std::vector<MaildirPlace> places,
                                        const std::vector<Bytes>& chunks);

  static constexpr unsigned kWritersMin = 4;
  static constexpr unsigned kWritersMax = 12;
  static constexpr std::size_t kOctetsTogetherMax = std::size_t{1} << 20;
  static constexpr std::chrono::milliseconds kWaitMax{50};

  /// True when one more should write besides `others`, while so many requests wait, the first of
  /// them for so long. A few take what comes; one more must have enough to write at once, or the
  /// others are held up.
  static constexpr bool is_worth(unsigned others, std::size_t waiting, Duration waited) {
    if (others >= kWritersMax) return false;
    return others < kWritersMin || waiting > others || waited > kWaitMax;
  }

 private:
  struct Request;

  /// True when there is a writer too few.
  bool enqueue(Request& request);
  void start(const Request& request);
  /// After a writer that could not be started. False when another one has the request already.
  bool withdraw(const Request& request);
  bool is_worth_besides(unsigned others) const;
  void write_all();
  void write_together(const std::vector<Request*>& requests);
  std::vector<Request*> take();

  const io::System& system_;
  std::mutex mutex_;
  std::deque<Request*> waiting_;
  unsigned writers_ = 0;
};

}  // namespace veredus::deliver
