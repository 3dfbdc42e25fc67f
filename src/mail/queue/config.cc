#include "mail/queue/config.h"

#include "base/complaints.h"

namespace veredus::queue {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

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
  out.unless(config.destination_pause >= seconds(1) && config.destination_pause <= hours(1),
             "queue.destination_pause", "must be 1 second to 1 hour");
  out.unless(config.messages_max >= 1, "queue.messages_max", "must be at least 1");
  out.unless(config.workers_max >= 1 && config.workers_max <= 100'000, "queue.workers_max",
             "must be 1 to 100000");
  out.unless(config.workers_per_destination_max >= 1 &&
                 config.workers_per_destination_max <= config.workers_max,
             "queue.workers_per_destination_max", "must be 1 to queue.workers_max");
  out.unless(config.recipients_per_job_max >= 1 && config.recipients_per_job_max <= 1000,
             "queue.recipients_per_job_max", "must be 1 to 1000");
  if (!out.empty()) return fail(out.error());
  return config;
}

}  // namespace veredus::queue
