#include "mail/queue/events.h"

#include <algorithm>

namespace veredus::queue {

trace::Event accepted_event(const Envelope& envelope) {
  trace::Event event{.kind = trace::Kind::accepted, .at = envelope.received_at};
  for (const Recipient& recipient : envelope.recipients) {
    event.recipients.push_back(recipient.address.text());
    if (!recipient.original.empty()) event.recipients.push_back(recipient.original);
  }
  if (!envelope.sender.is_null()) event.sender = envelope.sender.address()->text();
  event.client = envelope.origin.client;
  event.helo = envelope.origin.helo;
  event.protocol = envelope.origin.protocol;
  event.account = envelope.origin.auth_identity;
  event.tls = envelope.origin.tls;
  event.message_id = envelope.message_id;
  event.size = envelope.size;
  return event;
}

std::vector<trace::Event> events_of(const Envelope& envelope,
                                    const std::function<const Standing&(std::uint32_t)>& standing,
                                    const std::vector<Outcome>& outcomes,
                                    std::string_view destination) {
  std::vector<trace::Event> events;
  for (const Outcome& outcome : outcomes) {
    const Standing& now = standing(outcome.recipient);
    const auto is_same = [&](const trace::Event& event) {
      return event.state == name(now.state) && event.reply == now.reply &&
             event.remote == now.remote;
    };
    auto event = std::ranges::find_if(events, is_same);
    if (event == events.end()) {
      events.push_back({.kind = trace::Kind::attempt,
                        .state = std::string(name(now.state)),
                        .attempt = now.attempts,
                        .destination = std::string(destination),
                        .passed_over = outcome.passed_over,
                        .remote = now.remote,
                        .tls = outcome.tls,
                        .reply = now.reply,
                        .duration = outcome.duration,
                        .next_attempt = now.next_attempt});
      event = events.end() - 1;
    }
    event->recipients.push_back(envelope.recipients[outcome.recipient].address.text());
  }
  return events;
}

}  // namespace veredus::queue
