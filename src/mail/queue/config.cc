#include "mail/queue/config.h"

#include <string>
#include <string_view>

namespace veredus::queue {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

class Complaints {
 public:
  void unless(bool good, std::string_view key, std::string_view range) {
    if (good) return;
    if (!text_.empty()) text_ += '\n';
    text_.append("queue.").append(key).append(" must be ").append(range);
  }
  const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

}  // namespace

Result<QueueConfig> checked(QueueConfig config) {
  Complaints out;
  out.unless(config.expire >= hours(1) && config.expire <= hours(24 * 365), "expire",
             "1 hour to 365 days");
  out.unless(config.retry_min >= seconds(1) && config.retry_min <= config.retry_max, "retry_min",
             "1 second to queue.retry_max");
  out.unless(config.retry_max >= seconds(1) && config.retry_max <= config.expire, "retry_max",
             "1 second to queue.expire");
  out.unless(config.retry_factor >= 1 && config.retry_factor <= 10, "retry_factor", "1 to 10");
  out.unless(config.retry_jitter >= 0 && config.retry_jitter <= 0.5, "retry_jitter", "0 to 0.5");
  out.unless(config.destination_pause >= seconds(1) && config.destination_pause <= hours(1),
             "destination_pause", "1 second to 1 hour");
  out.unless(config.messages_max >= 1, "messages_max", "at least 1");
  out.unless(config.workers_max >= 1 && config.workers_max <= 100'000, "workers_max",
             "1 to 100000");
  out.unless(config.workers_per_destination_max >= 1 &&
                 config.workers_per_destination_max <= config.workers_max,
             "workers_per_destination_max", "1 to queue.workers_max");
  out.unless(config.recipients_per_job_max >= 1 && config.recipients_per_job_max <= 1000,
             "recipients_per_job_max", "1 to 1000");
  if (!out.text().empty()) return fail(Fault::malformed, out.text());
  return config;
}

}  // namespace veredus::queue
