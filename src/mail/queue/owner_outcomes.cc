// What became of attempts.

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "mail/queue/backoff.h"
#include "mail/queue/events.h"
#include "mail/queue/outcome_log.h"
#include "mail/queue/owner.h"

namespace veredus::queue {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// "5 days", "1 hour": in the largest unit that gives a whole number.
std::string in_words(seconds duration) {
  constexpr std::array kUnits{std::pair(86400, "day"), std::pair(3600, "hour"),
                              std::pair(60, "minute"), std::pair(1, "second")};
  const auto fits = [duration](const auto& unit) { return duration.count() % unit.first == 0; };
  const auto& [unit, name] = *std::ranges::find_if(kUnits, fits);
  const auto count = duration.count() / unit;
  return std::to_string(count) + ' ' + name + (count == 1 ? "" : "s");
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
  // One time for all: recipients of one entry must stay together.
  const WallTime next = std::chrono::floor<milliseconds>(system_.clock.wall()) + wait;
  for (const Outcome& outcome : outcomes) note_one(work, outcome, next);
  tell_trace(work, outcomes, schedule_.name(entry.destination));
  const bool again = std::ranges::any_of(outcomes, [&work](const Outcome& outcome) {
    const Working::Part& part = work.parts[outcome.recipient];
    return part.is_open() && part.standing.state == State::deferred;
  });
  if (again) enter(entry, wait);
  write(entry.id);
}

void Owner::tell_trace(Working& work, const std::vector<Outcome>& outcomes,
                       std::string_view destination) const {
  if (!config_.trace) return;
  const auto standing = [&work](std::uint32_t r) -> const Standing& {
    return work.parts[r].standing;
  };
  for (trace::Event& event : events_of(*work.envelope, standing, outcomes, destination)) {
    event.at = system_.clock.wall();
    work.events.push_back(std::move(event));
  }
}

void Owner::note_one(Working& work, const Outcome& outcome, WallTime next) {
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
  if (outcome.state == State::deferred) defer_or_expire(work, part, next);
  log_outcome(*work.envelope, outcome, standing);
}

void Owner::defer_or_expire(const Working& work, Working::Part& part, WallTime next) const {
  Standing& standing = part.standing;
  const auto age = age_.of(work.envelope->received_at);
  const seconds expire = patience_of(*work.envelope).expire;
  if (age >= expire) return give_up(work, standing);
  standing.next_attempt = next;
  part.is_late = is_late(work, standing, age);
}

void Owner::give_up(const Working& work, Standing& standing) const {
  standing.state = State::failed;
  standing.reply =
      "expired after " + in_words(patience_of(*work.envelope).expire) + ": " + standing.reply;
}

/// True when its sender is to be told that it takes long.
bool Owner::is_late(const Working& work, const Standing& standing, Duration age) const {
  if (config_.delay_warning == seconds(0) || standing.warned) return false;
  return !work.envelope->sender.is_null() && age >= config_.delay_warning;
}

Patience Owner::patience_of(const Envelope& envelope) const {
  return patience_for(envelope.sender.is_null(), config_);
}

/// The destination took no connection for this job while it works for others: as if the job had
/// not been handed out.
void Owner::put_back(Working& work, Entry entry, const std::vector<Outcome>& outcomes) {
  for (const Outcome& outcome : outcomes) work.parts[outcome.recipient].busy = false;
  log::debug("connection_refused_to_one_more", {{"queue_id", text(entry.id)},
                                                {"destination", schedule_.name(entry.destination)},
                                                {"reply", outcomes.front().reply}});
  enter(entry, Duration::zero());
  if (wants_writing(work)) return write(entry.id);  // A notice that waited for this attempt.
  settle(entry.id);
}

}  // namespace veredus::queue
