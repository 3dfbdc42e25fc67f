#include "mail/queue/outcome_log.h"

#include <chrono>
#include <string>

#include "base/log.h"
#include "base/text.h"

namespace veredus::queue {

using std::chrono::seconds;

void log_outcome(const Envelope& envelope, const Outcome& outcome, const Standing& standing) {
  const std::string id = text(envelope.id);
  const std::string recipient = envelope.recipients[outcome.recipient].address.text();
  const std::string reply = printable(standing.reply, 512);
  if (standing.state == State::failed) {
    log::warning("delivery_failed", {{"queue_id", id},
                                     {"to", recipient},
                                     {"remote", standing.remote},
                                     {"tls", outcome.tls},
                                     {"attempt", standing.attempts},
                                     {"reply", reply}});
    return;
  }
  if (standing.state == State::deferred) {
    const auto wait =
        std::chrono::duration_cast<seconds>(standing.next_attempt - standing.last_attempt);
    log::info("delivery_deferred", {{"queue_id", id},
                                    {"to", recipient},
                                    {"remote", standing.remote},
                                    {"tls", outcome.tls},
                                    {"attempt", standing.attempts},
                                    {"retry_in_s", wait.count()},
                                    {"reply", reply}});
    return;
  }
  log::info("delivery_done", {{"queue_id", id},
                              {"to", recipient},
                              {"state", name(standing.state)},
                              {"remote", standing.remote},
                              {"tls", outcome.tls},
                              {"attempt", standing.attempts},
                              {"reply", reply}});
}

void log_notice(const Envelope& envelope, const trace::Event& notice) {
  const bool sent = notice.related != QueueId{};
  log::info(sent ? "notice_queued" : "notice_skipped",
            {{"queue_id", text(envelope.id)},
             {"notice", sent ? text(notice.related) : std::string()},
             {"recipients", notice.recipients.size()},
             {"what", notice.text}});
}

}  // namespace veredus::queue
