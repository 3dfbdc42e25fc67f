// What became of attempts.

#include <algorithm>
#include <chrono>
#include <utility>

#include "mail/queue/backoff.h"
#include "mail/queue/events.h"
#include "mail/queue/outcome_log.h"
#include "mail/queue/owner.h"

namespace veredus::queue {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kLoadRetry = seconds(60);

std::string days(seconds duration) {
  const auto hours = std::chrono::duration_cast<std::chrono::hours>(duration).count();
  return hours % 24 == 0 ? std::to_string(hours / 24) + " days" : std::to_string(hours) + " hours";
}

}  // namespace

/// Takes in what became of some recipients of one destination.
void Owner::note(Working& work, Entry entry, const std::vector<Outcome>& outcomes) {
  observe_clock();
  const Patience patience = patience_of(*work.envelope);
  const std::uint32_t attempts = work.parts[outcomes.front().recipient].standing.attempts + 1;
  // The last attempt is when the message expires, not some hours later.
  const auto left =
      std::chrono::ceil<milliseconds>(patience.expire - age_.of(work.envelope->received_at));
  auto wait = retry_delay(attempts, patience, config_, system_.random.fraction());
  if (left > milliseconds(0)) wait = std::min(wait, std::max(left, milliseconds(seconds(1))));
  for (const Outcome& outcome : outcomes) note_one(work, outcome, wait);
  if (config_.trace) {
    const std::string& destination = schedule_.name(entry.destination);
    const auto standing = [&work](std::uint32_t r) -> const Standing& {
      return work.parts[r].standing;
    };
    std::ranges::move(events_of(*work.envelope, standing, outcomes, destination),
                      std::back_inserter(work.events));
  }
  const bool again = std::ranges::any_of(outcomes, [&work](const Outcome& outcome) {
    const Working::Part& part = work.parts[outcome.recipient];
    return part.is_open() && part.standing.state == State::deferred;
  });
  if (again) enter(entry, wait);
  write(entry.id);
}

void Owner::note_one(Working& work, const Outcome& outcome, milliseconds wait) {
  Working::Part& part = work.parts[outcome.recipient];
  Standing& standing = part.standing;
  part.busy = false;
  part.changed = true;
  ++standing.attempts;
  standing.state = outcome.state;
  standing.reply = outcome.reply;
  standing.remote = outcome.remote;
  standing.last_attempt = system_.clock.wall();
  standing.next_attempt = {};
  if (outcome.state == State::deferred) defer_or_expire(work, part, wait);
  log_outcome(*work.envelope, outcome, standing);
}

void Owner::defer_or_expire(const Working& work, Working::Part& part, milliseconds wait) {
  Standing& standing = part.standing;
  const auto age = age_.of(work.envelope->received_at);
  const seconds expire = patience_of(*work.envelope).expire;
  if (age >= expire) {
    standing.state = State::failed;
    standing.reply = "expired after " + days(expire) + ": " + standing.reply;
    return;
  }
  standing.next_attempt = std::chrono::floor<milliseconds>(system_.clock.wall()) + wait;
  const bool is_late = config_.delay_warning > seconds(0) && age >= config_.delay_warning;
  part.is_late = is_late && !standing.warned && !work.envelope->sender.is_null();
}

Patience Owner::patience_of(const Envelope& envelope) const {
  return patience_for(envelope.sender.is_null(), config_);
}

void Owner::drain_ready(DestinationId destination, const Outcome& sample) {
  auto waiting = schedule_.take_ready(destination);
  if (waiting.empty()) return;
  for (const Entry& entry : waiting) take_in_hand(entry.id);
  reactor().spawn("queue_drain", drain(destination, std::move(waiting), sample));
}

/// A destination that was tried again is still not there: what waits for it is noted as deferred
/// for the same reason without being tried, each message with its own back-off.
io::Task<> Owner::drain(DestinationId destination, std::vector<Entry> entries, Outcome sample) {
  for (const Entry& entry : entries) {
    while (unwritten_ >= kUnwrittenMax / 2 && !stopped_)
      co_await system_.clock.sleep_for(milliseconds(100));
    if (stopped_) co_return;
    const Loaded loaded = co_await obtain(entry.id);
    const bool valid = is_still_in_hand(entry.id);
    if (valid && loaded == Loaded::ready) {
      Working& work = *working_.at(entry.id);
      std::vector<Outcome> outcomes;
      for (const std::uint32_t recipient : pick(work, entry)) {
        sample.recipient = recipient;
        outcomes.push_back(sample);
      }
      if (!outcomes.empty()) note(work, entry, outcomes);
      settle(entry.id);
    } else if (valid && loaded == Loaded::failed) {
      enter(entry, kLoadRetry);
    }
    schedule_.done(destination);
  }
  pump();
}

}  // namespace veredus::queue
