// Mail that gets old while it waits for its turn: behind a destination that is down or paused, a
// limit or much other mail. Nothing happens to it, so somebody has to look.

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "mail/queue/id_time.h"
#include "mail/queue/outcome_log.h"
#include "mail/queue/owner.h"

namespace veredus::queue {
namespace {

using std::chrono::seconds;

constexpr Duration kReviewPause = std::chrono::minutes(5);
constexpr std::size_t kExpiredPage = 1000;

}  // namespace

io::Task<> Owner::review() {
  while (!stopped_) {
    co_await system_.clock.sleep_for(kReviewPause);
    if (stopped_) co_return;
    observe_clock();
    std::vector<QueueId> old =
        schedule_.grown([this](QueueId id) { return level_of(age_.of(time_of(id))); });
    std::ranges::copy(std::exchange(look_again_, {}), std::back_inserter(old));
    if (!old.empty()) co_await look_at(std::move(old));
  }
}

/// How many of the ages at which something happens to mail have passed.
std::uint8_t Owner::level_of(Duration age) const {
  std::uint8_t level = 0;
  for (const seconds limit : {config_.delay_warning, config_.bounce_expire, config_.expire})
    if (limit > seconds(0) && age >= limit) ++level;
  return level;
}

/// Tells senders of what is late; gives up what is too old, as an order would.
io::Task<> Owner::look_at(std::vector<QueueId> ids) {
  std::vector<Target> expired;
  const auto change = [this](Working& work, const Target& /*target*/) { return expire(work); };
  for (const QueueId id : ids) {
    while (unwritten_ >= kUnwrittenMax / 2 && !stopped_)
      co_await system_.clock.sleep_for(std::chrono::milliseconds(100));
    if (expired.size() == kExpiredPage)
      co_await carry_out(std::exchange(expired, {}), change, [](const Changed& /*changed*/) {});
    const Loaded loaded = co_await obtain(id);
    if (stopped_) co_return;
    if (loaded == Loaded::failed) look_again_.push_back(id);
    if (loaded != Loaded::ready) continue;
    Working& work = *working_.at(id);
    // Its id is older than its reception, or the clock went back.
    if (level_of(age_.of(work.envelope->received_at)) < level_of(age_.of(time_of(id))))
      look_again_.push_back(id);
    if (has_expired(work)) expired.push_back({.id = id, .recipients = {}});
    if (grow_late(work))
      write(id);
    else
      settle(id);
  }
  if (expired.empty()) co_return;
  co_await carry_out(std::move(expired), change, [](const Changed& /*changed*/) {});
}

bool Owner::has_expired(const Working& work) const {
  return age_.of(work.envelope->received_at) >= patience_of(*work.envelope).expire &&
         std::ranges::any_of(work.parts, &Working::Part::is_open);
}

bool Owner::grow_late(Working& work) {
  if (has_expired(work)) return false;
  const auto age = age_.of(work.envelope->received_at);
  bool changed = false;
  for (Working::Part& part : work.parts) {
    if (!part.is_open() || part.standing.next_attempt > system_.clock.wall() ||
        !is_late(work, part.standing, age))
      continue;
    if (part.standing.state == State::pending) {
      part.standing.state = State::deferred;
      part.standing.reply = schedule_.reason_to_wait(part.destination);
    }
    part.is_late = true;
    part.changed = true;
    changed = true;
  }
  return changed;
}

/// How many recipients it gave up.
std::size_t Owner::expire(Working& work) {
  if (!has_expired(work)) return 0;
  std::map<DestinationId, std::vector<Outcome>> given_up;
  for (std::uint32_t r = 0; r < work.parts.size(); ++r) {
    Working::Part& part = work.parts[r];
    if (!part.is_open()) continue;
    set_destination(part, work.envelope->recipients[r]);  // Its entry, which kept it, is out.
    Standing& standing = part.standing;
    if (standing.state == State::pending)
      standing.reply = schedule_.reason_to_wait(part.destination);
    give_up(work, standing);
    part.changed = true;
    const Outcome& outcome = given_up[part.destination].emplace_back(
        Outcome{.recipient = r, .state = standing.state, .reply = standing.reply, .remote = {}});
    log_outcome(*work.envelope, outcome, standing);
  }
  std::size_t recipients = 0;
  for (const auto& [destination, outcomes] : given_up) {
    tell_trace(work, outcomes, schedule_.name(destination));
    recipients += outcomes.size();
  }
  return recipients;
}

}  // namespace veredus::queue
