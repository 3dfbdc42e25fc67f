#include "mail/queue/config.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "base/complaints.h"
#include "mail/queue/limits.h"
#include "mail/queue/token_bucket.h"

namespace veredus::queue {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

/// What is wrong with one limit, each line beginning with its key.
void check_limit(const Limit& limit, Complaints& out) {
  const std::string title = "limit " + limit.name;
  const std::string key = title + ": ";
  out.unless(!limit.name.empty(), "limit", "every one needs a name");
  out.unless(!limit.domains.empty() || !limit.mx.empty(), title, "needs domains or mx");
  if (const auto checked = NamePatterns::check(limit.domains); !checked)
    out.add(key + "domains", checked.error().text());
  if (const auto checked = NamePatterns::check(limit.mx); !checked)
    out.add(key + "mx", checked.error().text());
  out.unless(limit.workers_max || limit.messages_per_minute, title,
             "needs workers_max or messages_per_minute");
  out.unless(limit.workers_max.value_or(1) >= 1, key + "workers_max", "must be at least 1");
  const std::uint32_t rate = limit.messages_per_minute.value_or(1);
  out.unless(rate >= 1 && rate <= TokenBucket::kPerMinuteMax, key + "messages_per_minute",
             "must be 1 to 1000000");
}

void check_limits(const std::vector<Limit>& limits, Complaints& out) {
  std::set<std::string_view> names;
  for (const Limit& limit : limits) {
    check_limit(limit, out);
    out.unless(names.insert(limit.name).second, "limit " + limit.name, "is there twice");
  }
}

}  // namespace

Result<QueueConfig> checked(QueueConfig config) {
  Complaints out;
  out.unless(config.expire >= hours(1) && config.expire <= hours(24 * 365), "queue.expire",
             "must be 1 hour to 365 days");
  out.unless(config.retry_min >= seconds(1) && config.retry_min <= config.retry_max,
             "queue.retry_min", "must be 1 second to queue.retry_max");
  out.unless(config.retry_max >= seconds(1) && config.retry_max <= config.expire, "queue.retry_max",
             "must be 1 second to queue.expire");
  out.unless(config.retry_factor >= 1 && config.retry_factor <= 10, "queue.retry_factor",
             "must be 1 to 10");
  out.unless(config.retry_jitter >= 0 && config.retry_jitter <= 0.5, "queue.retry_jitter",
             "must be 0 to 0.5");
  out.unless(config.delay_warning == seconds(0) || config.delay_warning >= seconds(60),
             "queue.delay_warning", "must be 0, or at least 1 minute");
  out.unless(config.bounce_expire >= seconds(60), "queue.bounce_expire",
             "must be at least 1 minute");
  out.unless(config.bounce_retry_max >= seconds(1), "queue.bounce_retry_max",
             "must be at least 1 second");
  out.unless(config.notices_per_minute >= 1 && config.notices_per_minute <= 100'000,
             "queue.notices_per_minute", "must be 1 to 100000");
  out.unless(config.destination_pause >= seconds(1) && config.destination_pause <= hours(1),
             "queue.destination_pause", "must be 1 second to 1 hour");
  out.unless(config.messages_max >= 1, "queue.messages_max", "must be at least 1");
  out.unless(config.workers_max >= 1 && config.workers_max <= 100'000, "queue.workers_max",
             "must be 1 to 100000");
  out.unless(config.workers_per_destination_max >= 1 &&
                 config.workers_per_destination_max <= config.workers_max,
             "queue.workers_per_destination_max", "must be 1 to queue.workers_max");
  out.unless(config.workers_local_max >= 1, "queue.workers_local_max", "must be at least 1");
  out.unless(config.recipients_per_job_max >= 1 && config.recipients_per_job_max <= 1000,
             "queue.recipients_per_job_max", "must be 1 to 1000");
  out.unless(config.workers_start >= 1 && config.workers_start <= 1000, "queue.workers_start",
             "must be 1 to 1000");
  out.unless(config.workers_per_source_max <= 65'535, "queue.workers_per_source_max",
             "must be at most 65535, the number of ports; 0 for no bound");
  out.unless(config.sources >= 1, "queue.sources", "must be at least 1");
  check_limits(config.limits, out);
  if (!out.empty()) return fail(out.error());
  return config;
}

std::uint32_t QueueConfig::workers_in_all() const noexcept {
  if (workers_per_source_max == 0) return workers_max;
  const std::uint64_t by_sources = std::uint64_t{sources} * workers_per_source_max;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(workers_max, by_sources));
}

}  // namespace veredus::queue
