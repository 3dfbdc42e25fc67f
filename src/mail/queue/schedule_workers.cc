// Who works: workers started, given jobs and ended, so that all limits hold and all get their turn.

#include <algorithm>
#include <cassert>
#include <tuple>
#include <utility>

#include "mail/queue/schedule.h"

namespace veredus::queue {

void Schedule::ask(std::string_view name, WaiterId waiter, SteadyTime deadline,
                   const std::vector<std::string>& hosts) {
  const auto known = find(name);
  if (!known || at(*known).workers == at(*known).idle.size()) {
    decided_.push_back({.kind = Action::Kind::end, .waiter = waiter});  // A stranger.
    return;
  }
  const DestinationId id = *known;
  Destination& destination = at(id);
  // A worker that was just started makes room only after its first job, or none would ever be done.
  const bool is_new = destination.starting > 0;
  if (is_new) --destination.starting;
  if (stopped_ || destination.paused || destination.held || !settle_limit(id, hosts) ||
      (!is_new && must_yield(destination))) {
    end_worker(id, waiter);
    return;
  }
  const bool has_rate = destination.group != nullptr && destination.group->bucket;
  if (!destination.ready.empty() && !has_rate) {
    hand(id, waiter);
    return;
  }
  // Even when its deadline is now: act() ends it only after all that may be handed out was.
  put_idle(id, {waiter, deadline});
  touch(id);
}

std::optional<Action> Schedule::act(SteadyTime now) {
  advance(now);
  for (;;) {
    // Before what is decided: who wants something is in line when the next worker asks.
    if (!touched_.empty()) {
      const DestinationId id = touched_.front();
      touched_.pop_front();
      at(id).noted = false;
      act_on(id);
    } else if (!decided_.empty()) {
      Action action = decided_.front();
      decided_.pop_front();
      return action;
    } else if (!wake_one() && !expire_idle()) {
      return std::nullopt;
    }
  }
}

void Schedule::stop() {
  stopped_ = true;
  while (!all_.idle.empty()) end_idle(std::get<DestinationId>(*all_.idle.begin()));
}

/// Does what can be done for one destination. Forgets it when nothing refers to it any more.
void Schedule::act_on(DestinationId id) {
  Destination& destination = at(id);
  const std::uint8_t woken = std::exchange(destination.woken, 0);
  if (destination.references == 0 && destination.workers == 0) return forget_unused(id);
  const bool may_go = !destination.ready.empty() && !destination.paused && !destination.held &&
                      !destination.moving && !stopped_;
  if (!may_go || (destination.idle.empty() && !wants_worker(destination))) {
    destination.ticket = false;
    if (!may_go || destination.starting == 0) unreserve_token(id);
    return;
  }
  if (!may_take_token(id)) return;
  if (destination.idle.empty()) return start_or_wait(id, woken);

  const Destination::Waiter waiter = destination.idle.back();
  take_idle(id, waiter);
  hand(id, waiter.id);
}

/// Decides that the worker gets the first entry that waits.
void Schedule::hand(DestinationId id, WaiterId waiter) {
  --ready_;
  const FairQueue::Item item = at(id).ready.pop();
  take_token(id);
  decided_.push_back({.kind = Action::Kind::hand,
                      .destination = id,
                      .waiter = waiter,
                      .entry = {item.id, id, item.sender}});
  touch(id);
}

/// Idle workers and those that are just starting take what waits, and where there is a rate each
/// message waits for its own turn.
bool Schedule::has_more(DestinationId id) const {
  const Destination& destination = at(id);
  const bool has_rate = destination.group != nullptr && destination.group->bucket;
  return !stopped_ && !destination.paused && !destination.held && !destination.moving &&
         !destination.undetermined && !has_rate && destination.idle.empty() &&
         destination.ready.size() > destination.starting && !must_yield(destination);
}

std::optional<Entry> Schedule::take_besides(std::string_view name,
                                            const std::function<bool(QueueId)>& may_go) {
  const auto id = find(name);
  if (!id || !has_more(*id) || !may_go(at(*id).ready.front().id)) return std::nullopt;
  --ready_;
  const FairQueue::Item item = at(*id).ready.pop();
  touch(*id);
  return Entry{item.id, *id, item.sender};
}

std::uint32_t Schedule::allowance(const Destination& destination) const noexcept {
  return destination.undetermined ? 1 : destination.allowed;
}

bool Schedule::wants_worker(const Destination& destination) const noexcept {
  // One after the other where there is a rate: each has a token reserved.
  const bool has_rate = destination.group != nullptr && destination.group->bucket;
  return destination.workers < allowance(destination) &&
         destination.ready.size() > destination.starting &&
         (!has_rate || destination.starting == 0);
}

/// Starts one more worker, or notes that there is no room for one. Unless a destination was woken
/// for its turn, those that wait already go first.
void Schedule::start_or_wait(DestinationId id, std::uint8_t woken) {
  Destination& destination = at(id);
  const bool first = destination.workers == 0;
  const auto has_slot = [first](const Pool& pool, bool is_turn) {
    const bool others = !pool.first.empty() || (!first && !pool.more.empty());
    return pool.has_room(first) && (is_turn || !others);
  };
  Group* group = destination.group;
  // Whoever waited for a slot in all had found one in its group.
  if (group != nullptr && !has_slot(group->pool, woken != 0)) {
    wait_for_slot(group->pool, id);
    return touch(*group);
  }
  if (!has_slot(all_, (woken & (all_.first_line | all_.more_line)) != 0))
    return wait_for_slot(all_, id);

  ++destination.workers;
  ++destination.starting;
  ++all_.workers;
  if (group != nullptr) ++group->pool.workers;
  reserve_token(id);
  decided_.push_back({.kind = Action::Kind::start, .destination = id});
  touch(id);
}

void Schedule::wait_for_slot(Pool& pool, DestinationId id) {
  Destination& destination = at(id);
  const bool first = destination.workers == 0;
  const Line line = first ? pool.first_line : pool.more_line;
  if ((destination.lines & line) == 0) (first ? pool.first : pool.more).push(id);
  destination.lines |= line;
  if (first && pool.workers + pool.first.size() > pool.max) end_first_idle(pool);
}

/// True when a worker of `destination` that asks for more should make room for another one.
bool Schedule::must_yield(const Destination& destination) const noexcept {
  return destination.workers > allowance(destination) || must_yield(all_, destination) ||
         (destination.group != nullptr && must_yield(destination.group->pool, destination));
}

bool Schedule::must_yield(const Pool& pool, const Destination& destination) const noexcept {
  if (!pool.first.empty() && pool.workers >= pool.max) return true;
  return !pool.more.empty() && destination.workers > at(pool.more.front()).workers + 1;
}

/// When there is room for something again: one that waits for it looks again. False when nobody
/// does.
bool Schedule::wake_one() {
  if (wake(all_)) return true;
  while (!touched_groups_.empty()) {
    Group* group = find(touched_groups_.front());
    if (group != nullptr && wake(*group)) return true;
    touched_groups_.pop_front();
    if (group != nullptr) group->noted = false;
  }
  return false;
}

/// Those without any worker first.
bool Schedule::wake(Pool& pool) {
  const bool first = !pool.first.empty() && pool.has_room(true);
  if (!first && (pool.more.empty() || !pool.has_room(false))) return false;
  const DestinationId id = (first ? pool.first : pool.more).pop();
  const Line line = first ? pool.first_line : pool.more_line;
  at(id).lines &= static_cast<std::uint8_t>(~line);
  at(id).woken |= line;
  touch(id);
  return true;
}

void Schedule::put_idle(DestinationId id, Destination::Waiter waiter) {
  at(id).idle.push_back(waiter);
  all_.idle.emplace(waiter.deadline, waiter.id, id);
  if (Group* group = at(id).group; group != nullptr)
    group->pool.idle.emplace(waiter.deadline, waiter.id, id);
}

void Schedule::take_idle(DestinationId id, Destination::Waiter waiter) {
  std::erase_if(at(id).idle, [&waiter](const auto& idle) { return idle.id == waiter.id; });
  all_.idle.erase({waiter.deadline, waiter.id, id});
  if (Group* group = at(id).group; group != nullptr)
    group->pool.idle.erase({waiter.deadline, waiter.id, id});
}

/// Ends the worker of the pool that would have ended first by itself, if one is idle.
void Schedule::end_first_idle(const Pool& pool) {
  if (pool.idle.empty()) return;
  const auto [deadline, waiter, id] = *pool.idle.begin();
  take_idle(id, {waiter, deadline});
  end_worker(id, waiter);
}

/// Ends one worker that waited as long as it would.
bool Schedule::expire_idle() {
  if (all_.idle.empty() || std::get<SteadyTime>(*all_.idle.begin()) > now_) return false;
  end_first_idle(all_);
  return true;
}

void Schedule::end_idle(DestinationId id) {
  while (!at(id).idle.empty()) {
    const Destination::Waiter waiter = at(id).idle.front();
    take_idle(id, waiter);
    end_worker(id, waiter.id);
  }
}

void Schedule::end_worker(DestinationId id, WaiterId waiter) {
  Destination& destination = at(id);
  assert(destination.workers > 0 && all_.workers > 0);
  --destination.workers;
  --all_.workers;
  if (Group* group = destination.group; group != nullptr) {
    --group->pool.workers;
    touch(*group);
  }
  decided_.push_back({.kind = Action::Kind::end, .destination = id, .waiter = waiter});
  if (destination.moving && destination.workers == 0) moved_out(id);
  touch(id);
}

}  // namespace veredus::queue
