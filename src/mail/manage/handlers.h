// What the requests share, and one function for each. Private to this room.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "mail/manage/destinations.h"
#include "mail/manage/filter.h"
#include "mail/manage/requests.h"
#include "mail/manage/why.h"

namespace veredus::manage {

/// One request while it is answered.
struct Asked {
  const Surroundings& around;
  const boost::json::object& request;
  LineSink& sink;

  Vantage vantage() const { return {around.clock.wall(), around.destination_of}; }
};

// Errors of all: as answer_request().
io::Task<Result<>> queue_list(const Asked& asked);
io::Task<Result<>> queue_count(const Asked& asked);
io::Task<Result<>> queue_show(const Asked& asked);
io::Task<Result<>> queue_cat(const Asked& asked);
io::Task<Result<>> queue_why(const Asked& asked);
io::Task<Result<>> queue_order(const Asked& asked);
io::Task<Result<>> destination_list(const Asked& asked);
io::Task<Result<>> destination_pause(const Asked& asked);
io::Task<Result<>> destination_resume(const Asked& asked);
io::Task<Result<>> trace_request(const Asked& asked);
io::Task<Result<>> status(const Asked& asked);
// Surroundings::directory and workers are there.
io::Task<Result<>> domain_add(const Asked& asked);
io::Task<Result<>> domain_list(const Asked& asked);
io::Task<Result<>> domain_remove(const Asked& asked);
io::Task<Result<>> account_add(const Asked& asked);
io::Task<Result<>> account_list(const Asked& asked);
io::Task<Result<>> account_show(const Asked& asked);
io::Task<Result<>> account_set(const Asked& asked);
io::Task<Result<>> account_remove(const Asked& asked);
io::Task<Result<>> account_password(const Asked& asked);
io::Task<Result<>> app_password_add(const Asked& asked);
io::Task<Result<>> app_password_remove(const Asked& asked);
io::Task<Result<>> alias_add(const Asked& asked);
io::Task<Result<>> alias_list(const Asked& asked);
io::Task<Result<>> alias_remove(const Asked& asked);

/// The request's `filter`; none is the empty one. Errors: malformed.
Result<Filter> filter_of(const boost::json::object& request);
/// The request's `id`. Errors: malformed.
Result<QueueId> id_of(const boost::json::object& request);
/// Error unless a server runs.
Result<queue::Queue*> running_queue(const Surroundings& around);

/// The messages that a filter may be about, in order of id, a page at a time.
class Pages {
 public:
  static constexpr std::size_t kPage = 200;

  /// `ids`: just these; none: all. `around` and `ids` outlive it.
  Pages(const Surroundings& around, const std::vector<QueueId>& ids, std::size_t size = kPage)
      : around_(around), ids_(ids), size_(size) {}

  /// The next messages; none at the end. Errors: unavailable.
  io::Task<Result<std::vector<queue::Listed>>> next();
  /// Messages given out so far.
  std::size_t looked_at() const noexcept { return looked_at_; }
  /// Ids that were asked for and are not in the queue.
  const std::vector<QueueId>& missing() const noexcept { return missing_; }

 private:
  io::Task<Result<std::vector<queue::Listed>>> next_of_ids();

  const Surroundings& around_;
  const std::vector<QueueId>& ids_;
  std::size_t size_;
  std::size_t next_id_ = 0;
  QueueId from_{};
  std::size_t looked_at_ = 0;
  std::vector<QueueId> missing_;
};

/// One message, or nothing. Errors: unavailable.
io::Task<Result<std::optional<queue::Listed>>> find_message(const Surroundings& around, QueueId id);

struct Progress {
  std::size_t looked_at = 0;
  std::size_t matched = 0;
  std::size_t changed = 0;
};
std::string progress_line(const Surroundings& around, const Progress& progress);

Circumstances circumstances(const Surroundings& around, std::string destination,
                            const Destinations& destinations);
/// Recipients of a message that are not over, in groups of which all stand alike at one
/// destination.
std::vector<std::vector<std::uint32_t>> waiting_groups(const queue::Listed& listed,
                                                       const std::vector<std::uint32_t>& among,
                                                       const Vantage& vantage);

}  // namespace veredus::manage
