// A courier makes the attempts of one worker, all to the same destination.

#pragma once

#include <string>
#include <vector>

#include "io/task.h"
#include "mail/queue/queue.h"

namespace veredus::deliver {

/// Used by one worker on one reactor; may keep a connection from job to job.
class Courier {
 public:
  virtual ~Courier() = default;

  /// The names of the hosts that the mail goes to, the best first, in lower case; none when there
  /// are no names or they cannot be found. For the queue's limits.
  virtual io::Task<std::vector<std::string>> hosts() { co_return std::vector<std::string>(); }
  /// One attempt: the outcomes of the job's recipients; one that is missing is deferred. `job`
  /// outlives the call.
  virtual io::Task<std::vector<queue::Outcome>> deliver(const queue::Job& job) = 0;
  /// True when the job after the next one could be begun before it is known what became of the next
  /// one: then announce() it, if there is one.
  virtual bool wants_following() const { return false; }
  /// What comes after the job of the next deliver(), which it outlives.
  virtual void announce(const queue::Job& /*following*/) {}
  /// No more jobs: ends what was kept, in order.
  virtual io::Task<> finish() = 0;
};

}  // namespace veredus::deliver
