#include "mail/queue/schedule.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <functional>
#include <limits>

namespace veredus::queue {
namespace {

using std::chrono::seconds;

constexpr auto kLater = [](const auto& a, const auto& b) { return a.due_s > b.due_s; };

}  // namespace

QueueId Schedule::Fifo::pop() {
  const QueueId id = ids_[head_++];
  if (empty()) {
    ids_ = {};
    head_ = 0;
  } else if (head_ >= 64 && head_ * 2 >= ids_.size()) {
    ids_.erase(ids_.begin(), ids_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
  return id;
}

std::vector<QueueId> Schedule::Fifo::all() const {
  return {ids_.begin() + static_cast<std::ptrdiff_t>(head_), ids_.end()};
}

std::vector<QueueId> Schedule::Fifo::take_all() {
  std::vector<QueueId> taken = all();
  ids_ = {};
  head_ = 0;
  return taken;
}

Schedule::Schedule(const QueueConfig& config, SteadyTime epoch) : config_(config), epoch_(epoch) {}

DestinationId Schedule::intern(std::string_view name) {
  if (const auto known = by_name_.find(name); known != by_name_.end()) return known->second;
  DestinationId id{};
  if (free_.empty()) {
    id = DestinationId{static_cast<std::uint32_t>(destinations_.size())};
    destinations_.emplace_back();
  } else {
    id = free_.back();
    free_.pop_back();
  }
  Destination& made = at(id);
  made.name = name;
  made.used = true;
  made.allowed = std::min(kStartWorkers, config_.workers_per_destination_max);
  by_name_.emplace(made.name, id);
  touch(id);
  return id;
}

void Schedule::add(Entry entry) {
  Destination& destination = at(entry.destination);
  destination.ready.push(entry.id);
  ++destination.references;
  ++ready_;
  touch(entry.destination);
}

void Schedule::defer(Entry entry, SteadyTime due) {
  const auto due_s = std::chrono::ceil<seconds>(std::max(due, epoch_) - epoch_).count();
  constexpr auto kMax = std::numeric_limits<std::uint32_t>::max();
  deferred_.emplace_back(static_cast<std::uint32_t>(std::min<std::int64_t>(due_s, kMax)),
                         entry.destination, entry.id);
  std::ranges::push_heap(deferred_, kLater);
  ++at(entry.destination).references;
}

void Schedule::ask(std::string_view name, WaiterId waiter, SteadyTime deadline) {
  const auto known = by_name_.find(name);
  if (known == by_name_.end() || at(known->second).workers == at(known->second).idle.size()) {
    decided_.push_back({.kind = Action::Kind::end, .waiter = waiter});  // A stranger.
    return;
  }
  const DestinationId id = known->second;
  Destination& destination = at(id);
  // A worker that was just started makes room only after its first job, or none would ever be done.
  const bool is_new = destination.starting > 0;
  if (is_new) --destination.starting;
  if (stopped_ || destination.paused || (!is_new && must_yield(destination))) {
    end_worker(id, waiter);
    return;
  }
  if (!destination.ready.empty()) {  // At once: its deadline may be now.
    hand(id, waiter);
    return;
  }
  destination.idle.emplace_back(waiter, deadline);
  idle_.emplace(deadline, waiter, id);
  touch(id);
}

void Schedule::done(DestinationId id) { release(id); }

bool Schedule::judge(DestinationId id, Verdict verdict, SteadyTime now) {
  Destination& destination = at(id);
  if (verdict == Verdict::success) {
    destination.failures = 0;
    destination.pauses = 0;
    destination.allowed = std::min(destination.allowed + 1, config_.workers_per_destination_max);
    touch(id);
    return false;
  }
  destination.allowed = std::max(destination.allowed / 2, 1U);
  if (destination.paused) return false;  // One of those that were under way when it began.
  if (verdict == Verdict::unreachable) {
    const std::uint32_t doublings = std::min(destination.pauses, 5U);
    static_assert(1U << 5U == kPauseFactorMax);
    pause(id, now + config_.destination_pause * (1U << doublings));
    return ++destination.pauses > 1;
  }
  // It answers, so the next message may fare better: never drained, never left alone for long.
  destination.pauses = 0;
  if (++destination.failures >= kFailuresMax) {
    destination.failures = 0;
    pause(id, now + config_.destination_pause);
  }
  return false;
}

bool Schedule::is_put_off(DestinationId id) const {
  const Destination& destination = at(id);
  return destination.paused ||
         (destination.allowed <= kStartWorkers && destination.ready.size() > kBacklogMax);
}

std::vector<Entry> Schedule::take_ready(DestinationId id) {
  const std::vector<QueueId> ids = at(id).ready.take_all();
  ready_ -= ids.size();
  std::vector<Entry> entries;
  entries.reserve(ids.size());
  std::ranges::transform(ids, std::back_inserter(entries),
                         [id](QueueId message) { return Entry{message, id}; });
  return entries;
}

std::optional<Action> Schedule::act(SteadyTime now) {
  advance(now);
  for (;;) {
    if (!decided_.empty()) {
      Action action = decided_.front();
      decided_.pop_front();
      return action;
    }
    if (touched_.empty() && !wake_blocked()) return std::nullopt;
    const DestinationId id = touched_.front();
    touched_.pop_front();
    at(id).noted = false;
    if (auto action = act_on(id)) return action;
  }
}

std::optional<SteadyTime> Schedule::next_event() const {
  if (stopped_) return std::nullopt;
  std::optional<SteadyTime> next;
  const auto consider = [&next](SteadyTime time) { next = next ? std::min(*next, time) : time; };
  if (!deferred_.empty()) consider(epoch_ + seconds(deferred_.front().due_s));
  if (!pauses_.empty()) consider(pauses_.begin()->first);
  if (!idle_.empty()) consider(std::get<SteadyTime>(*idle_.begin()));
  return next;
}

void Schedule::stop() {
  stopped_ = true;
  while (!idle_.empty()) {
    const auto [deadline, waiter, id] = *idle_.begin();
    end_idle(id);
  }
}

std::uint32_t Schedule::workers(std::string_view destination) const {
  const auto known = by_name_.find(destination);
  return known == by_name_.end() ? 0 : at(known->second).workers;
}

void Schedule::touch(DestinationId id) {
  Destination& destination = at(id);
  if (destination.noted) return;
  destination.noted = true;
  touched_.push_back(id);
}

/// Moves what `now` has reached: due entries, ends of pauses, deadlines of idle workers.
void Schedule::advance(SteadyTime now) {
  if (stopped_) return;
  while (!deferred_.empty() && epoch_ + seconds(deferred_.front().due_s) <= now) {
    const Deferred due = deferred_.front();
    std::ranges::pop_heap(deferred_, kLater);
    deferred_.pop_back();
    --at(due.destination).references;
    add({due.id, due.destination});
  }
  while (!pauses_.empty() && pauses_.begin()->first <= now) {
    const DestinationId id = pauses_.begin()->second;
    pauses_.erase(pauses_.begin());
    at(id).paused = false;
    at(id).allowed = 1;  // One tries; the others wait for what it finds.
    touch(id);
  }
  while (!idle_.empty() && std::get<SteadyTime>(*idle_.begin()) <= now) {
    const auto [deadline, waiter, id] = *idle_.begin();
    std::erase_if(at(id).idle, [waiter](const Waiter& idle) { return idle.id == waiter; });
    idle_.erase(idle_.begin());
    end_worker(id, waiter);
  }
}

void Schedule::release(DestinationId id) {
  Destination& destination = at(id);
  assert(destination.references > 0);
  --destination.references;
  touch(id);  // It may be forgotten now.
}

/// What can be done for one destination. Forgets it when nothing refers to it any more.
std::optional<Action> Schedule::act_on(DestinationId id) {
  Destination& destination = at(id);
  const bool woken = std::exchange(destination.woken, false);
  if (destination.references == 0 && destination.workers == 0) {
    if (!destination.used || destination.paused) return std::nullopt;
    by_name_.erase(destination.name);
    destination = Destination{};
    free_.push_back(id);
    return std::nullopt;
  }
  if (destination.ready.empty() || destination.paused || stopped_) return std::nullopt;
  if (destination.idle.empty()) return start_or_block(id, woken);

  const Waiter waiter = destination.idle.back();
  destination.idle.pop_back();
  idle_.erase({waiter.deadline, waiter.id, id});
  hand(id, waiter.id);
  return std::nullopt;
}

/// Decides that the worker gets the first entry that waits.
void Schedule::hand(DestinationId id, WaiterId waiter) {
  --ready_;
  decided_.push_back({.kind = Action::Kind::hand,
                      .destination = id,
                      .waiter = waiter,
                      .entry = {at(id).ready.pop(), id}});
  touch(id);
}

/// Starts one more worker, or notes that there is no room for one.
std::optional<Action> Schedule::start_or_block(DestinationId id, bool woken) {
  Destination& destination = at(id);
  if (destination.workers >= destination.allowed) return std::nullopt;
  if (destination.ready.size() <= destination.starting) return std::nullopt;
  if (has_slot(destination, woken)) {
    ++destination.workers;
    ++destination.starting;
    ++workers_;
    touch(id);
    return Action{.kind = Action::Kind::start, .destination = id};
  }
  const bool first = destination.workers == 0;
  bool& blocked = first ? destination.blocked_first : destination.blocked_more;
  if (!blocked) (first ? blocked_first_ : blocked_more_).push_back(id);
  blocked = true;
  if (first) evict_idle();
  return std::nullopt;
}

/// Ends the worker that would have ended first by itself, if one is idle.
void Schedule::evict_idle() {
  if (idle_.empty()) return;
  const auto [deadline, waiter, id] = *idle_.begin();
  std::erase_if(at(id).idle, [waiter](const Waiter& idle) { return idle.id == waiter; });
  idle_.erase(idle_.begin());
  end_worker(id, waiter);
}

/// True when there is room for one more worker of `destination`. Unless it was woken for its turn,
/// those that wait already go first.
bool Schedule::has_slot(const Destination& destination, bool woken) const noexcept {
  const bool first = destination.workers == 0;
  if (!woken && (!blocked_first_.empty() || (!first && !blocked_more_.empty()))) return false;
  return workers_ < config_.workers_max - (first ? 0 : config_.workers_max / 4);
}

/// True when a worker of `destination` that asks for more should make room for another one.
bool Schedule::must_yield(const Destination& destination) const noexcept {
  if (destination.workers > destination.allowed) return true;
  if (!blocked_first_.empty() && workers_ >= config_.workers_max) return true;
  return !blocked_more_.empty() && destination.workers > at(blocked_more_.front()).workers + 1;
}

void Schedule::end_worker(DestinationId id, WaiterId waiter) {
  Destination& destination = at(id);
  assert(destination.workers > 0 && workers_ > 0);
  --destination.workers;
  --workers_;
  decided_.push_back({.kind = Action::Kind::end, .destination = id, .waiter = waiter});
  touch(id);
}

void Schedule::end_idle(DestinationId id) {
  for (const Waiter& waiter : std::exchange(at(id).idle, {})) {
    idle_.erase({waiter.deadline, waiter.id, id});
    end_worker(id, waiter.id);
  }
}

void Schedule::pause(DestinationId id, SteadyTime until) {
  at(id).paused = true;
  pauses_.emplace(until, id);
  end_idle(id);
}

/// When there is room for a worker again: one that waits for it looks again, those without any
/// worker first. False when nobody does.
bool Schedule::wake_blocked() {
  const auto wake = [this](std::deque<DestinationId>& blocked, bool Destination::* mark) {
    const DestinationId id = blocked.front();
    blocked.pop_front();
    at(id).*mark = false;
    at(id).woken = true;
    touch(id);
    return true;
  };
  if (!blocked_first_.empty() && workers_ < config_.workers_max)
    return wake(blocked_first_, &Destination::blocked_first);
  if (!blocked_more_.empty() && workers_ < config_.workers_max - config_.workers_max / 4)
    return wake(blocked_more_, &Destination::blocked_more);
  return false;
}

}  // namespace veredus::queue
