// Entries, destinations and how they stand. Who works is decided in schedule_workers.cc, what
// limits share in schedule_limits.cc.

#include "mail/queue/schedule.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <iterator>
#include <limits>
#include <tuple>
#include <utility>

namespace veredus::queue {
namespace {

using std::chrono::seconds;

constexpr auto kLater = [](const auto& a, const auto& b) { return a.due_s > b.due_s; };

}  // namespace

Schedule::Schedule(const QueueConfig& config, SteadyTime epoch)
    : config_(config), limits_(config.limits), epoch_(epoch), now_(epoch) {
  all_.max = config.workers_in_all();
  all_.kept = all_.max / 4;
  for (LimitTable::Index limit = 0; limit < config.limits.size(); ++limit)
    groups_.push_back(make_group(GroupId{limit}, limit));
}

DestinationId Schedule::intern(std::string_view name) {
  if (const auto known = find(name)) return *known;
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
  made.held = held_.contains(name);
  made.allowed = workers_start();
  by_name_.emplace(made.name, id);
  find_limit(id);
  touch(id);
  return id;
}

void Schedule::add(Entry entry) {
  Destination& destination = at(entry.destination);
  destination.ready.push({entry.id, entry.sender});
  ++destination.references;
  ++ready_;
  touch(entry.destination);
}

void Schedule::defer(Entry entry, SteadyTime due) {
  const auto due_s = std::chrono::ceil<seconds>(std::max(due, epoch_) - epoch_).count();
  constexpr auto kMax = std::numeric_limits<std::uint32_t>::max();
  deferred_.emplace_back(static_cast<std::uint32_t>(std::min<std::int64_t>(due_s, kMax)),
                         entry.destination, entry.id, entry.sender);
  std::ranges::push_heap(deferred_, kLater);
  Destination& destination = at(entry.destination);
  ++destination.references;
  ++destination.deferred;
}

void Schedule::forget(const std::unordered_set<QueueId>& ids) {
  for (std::uint32_t i = 0; i < destinations_.size(); ++i) {
    Destination& destination = destinations_[i];
    const std::size_t gone =
        destination.ready.remove_if([&ids](QueueId id) { return ids.contains(id); });
    if (gone == 0) continue;
    ready_ -= gone;
    destination.references -= gone;
    touch(DestinationId{i});
  }
  const auto kept = std::ranges::partition(
      deferred_, [&ids](const Deferred& entry) { return !ids.contains(entry.id); });
  if (kept.empty()) return;
  for (const Deferred& entry : kept) {
    --at(entry.destination).deferred;
    release(entry.destination);
  }
  deferred_.erase(kept.begin(), kept.end());
  std::ranges::make_heap(deferred_, kLater);
}

void Schedule::done(DestinationId id) { release(id); }

bool Schedule::judge(DestinationId id, Verdict verdict, SteadyTime now, std::string_view error) {
  Destination& destination = at(id);
  if (verdict == Verdict::success) {
    destination.last_error.clear();
    destination.failures = 0;
    destination.failed = 0;
    destination.pauses = 0;
    destination.works = true;
    if (now >= destination.ceiling_until || destination.allowed < destination.ceiling)
      destination.allowed = std::min(destination.allowed + 1, workers_max_of(destination));
    touch(id);
    return false;
  }
  destination.last_error = error;
  const std::size_t busy = destination.workers - destination.starting - destination.idle.size();
  if (verdict == Verdict::unreachable && destination.works && busy > 1) {
    destination.allowed = std::max(std::min(destination.allowed, destination.workers) - 1, 1U);
    destination.ceiling = destination.allowed;
    destination.ceiling_until = now + kCeiling;
    return true;
  }
  ++destination.failed;
  destination.allowed = std::max(destination.allowed / 2, 1U);
  destination.works = destination.works && destination.allowed > workers_start();
  if (destination.paused) return false;  // One of those that were under way when it began.
  if (verdict == Verdict::unreachable) {
    const std::uint32_t doublings = std::min(destination.pauses, 5U);
    static_assert(1U << 5U == kPauseFactorMax);
    pause(id, now + config_.destination_pause * (1U << doublings));
    ++destination.pauses;
    return false;
  }
  // It answers, so the next message may fare better: never left alone for long.
  destination.pauses = 0;
  if (++destination.failures >= kFailuresMax) {
    destination.failures = 0;
    pause(id, now + config_.destination_pause);
  }
  return false;
}

bool Schedule::is_put_off(DestinationId id) const {
  const Destination& destination = at(id);
  return destination.paused || destination.held ||
         (!destination.works && destination.ready.size() > kBacklogMax);
}

std::vector<QueueId> Schedule::waiting(DestinationId id) const {
  const std::vector<FairQueue::Item> items = at(id).ready.all();
  std::vector<QueueId> ids(items.size());
  std::ranges::transform(items, ids.begin(), &FairQueue::Item::id);
  return ids;
}

std::vector<QueueId> Schedule::messages() const {
  std::vector<QueueId> ids;
  ids.reserve(ready_ + deferred_.size());
  for (const Destination& destination : destinations_)
    std::ranges::transform(destination.ready.all(), std::back_inserter(ids), &FairQueue::Item::id);
  std::ranges::transform(deferred_, std::back_inserter(ids), &Deferred::id);
  std::ranges::sort(ids);
  const auto twice = std::ranges::unique(ids);
  ids.erase(twice.begin(), twice.end());
  return ids;
}

std::vector<QueueId> Schedule::grown(const std::function<std::uint8_t(QueueId)>& level_of) {
  std::vector<QueueId> ids;
  for (Destination& destination : destinations_)
    std::ranges::copy(destination.ready.grown(level_of), std::back_inserter(ids));
  return ids;
}

std::string Schedule::reason_to_wait(DestinationId id) const {
  const Destination& destination = at(id);
  if (destination.held) return "4.3.2 its destination is paused by the postmaster";
  if (destination.paused || !destination.works) {
    if (!destination.last_error.empty()) return destination.last_error;
  }
  const DestinationView view = view_of(destination);
  if (view.rate_limited_until)
    return "4.3.2 more mail than the limit \"" + view.limit + "\" lets through waits before it";
  return "4.3.2 much other mail waits before it";
}

void Schedule::hold(std::string_view name) {
  held_.emplace(name);
  const auto known = find(name);
  if (!known) return;
  at(*known).held = true;
  end_idle(*known);
  touch(*known);
}

void Schedule::resume(std::string_view name) {
  if (const auto held = held_.find(name); held != held_.end()) held_.erase(held);
  const auto known = find(name);
  if (!known) return;
  Destination& destination = at(*known);
  destination.held = false;
  destination.failures = 0;
  destination.failed = 0;
  destination.pauses = 0;
  destination.ceiling_until = {};
  destination.allowed = std::max(destination.allowed, workers_start());
  end_pause(*known);
  touch(*known);
}

std::optional<SteadyTime> Schedule::next_event() const {
  if (stopped_) return std::nullopt;
  std::optional<SteadyTime> next;
  const auto consider = [&next](SteadyTime time) { next = next ? std::min(*next, time) : time; };
  if (!deferred_.empty()) consider(epoch_ + seconds(deferred_.front().due_s));
  if (!pauses_.empty()) consider(pauses_.begin()->first);
  if (!timers_.empty()) consider(timers_.begin()->first);
  if (!reserves_.empty()) consider(reserves_.begin()->first);
  if (!all_.idle.empty()) consider(std::get<SteadyTime>(*all_.idle.begin()));
  return next;
}

std::uint32_t Schedule::workers(std::string_view destination) const {
  const auto known = find(destination);
  return known ? at(*known).workers : 0;
}

std::vector<DestinationView> Schedule::views() const {
  std::vector<DestinationView> all;
  all.reserve(by_name_.size());
  for (const auto& [name, id] : by_name_) all.push_back(view_of(at(id)));
  for (const std::string& name : held_)
    if (!find(name)) all.push_back({.name = name, .held = true});
  std::ranges::sort(all, {}, &DestinationView::name);
  return all;
}

std::optional<DestinationView> Schedule::view(std::string_view name) const {
  if (const auto known = find(name)) return view_of(at(*known));
  if (held_.contains(name)) return DestinationView{.name = std::string(name), .held = true};
  return std::nullopt;
}

DestinationView Schedule::view_of(const Destination& destination) const {
  DestinationView view{.name = destination.name,
                       .waiting = destination.ready.size(),
                       .deferred = destination.deferred,
                       .workers = destination.workers,
                       .allowed = allowance(destination),
                       .failures = destination.failed,
                       .last_error = destination.last_error,
                       .held = destination.held};
  if (destination.paused) view.paused_until = destination.paused_until;
  if (destination.group == nullptr) return view;
  const Group& group = *destination.group;
  view.limit = config_.limits[group.limit].name;
  view.allowed = std::min(view.allowed, group.pool.max);
  const bool lacks_token = group.bucket && free_tokens(group) == 0 && !destination.reserved;
  if (lacks_token && !destination.ready.empty())
    view.rate_limited_until =
        group.bucket->time_of(std::min(group.reserved + 1, group.bucket->burst()));
  return view;
}

std::optional<DestinationId> Schedule::find(std::string_view name) const {
  const auto known = by_name_.find(name);
  return known == by_name_.end() ? std::nullopt : std::optional(known->second);
}

void Schedule::touch(DestinationId id) {
  Destination& destination = at(id);
  if (destination.noted) return;
  destination.noted = true;
  touched_.push_back(id);
}

void Schedule::release(DestinationId id) {
  Destination& destination = at(id);
  assert(destination.references > 0);
  --destination.references;
  touch(id);  // It may be forgotten now.
}

/// Called when there is neither entry nor job nor worker. What still stands in some line, is left
/// alone, or used up a rate of its own is remembered for as long.
void Schedule::forget_unused(DestinationId id) {
  Destination& destination = at(id);
  if (!destination.used || destination.paused || destination.lines != 0) return;
  if (Group* own = destination.own.get(); own != nullptr) {
    if (own->bucket && !own->bucket->is_full(now_))
      return set_timer(*own, own->bucket->time_of(own->bucket->burst()));
    clear_timer(*own);
  }
  unreserve_token(id);
  by_name_.erase(destination.name);
  destination = Destination{};
  free_.push_back(id);
}

std::uint32_t Schedule::workers_start() const noexcept {
  return std::min(config_.workers_start, config_.workers_per_destination_max);
}

std::uint32_t Schedule::workers_max_of(const Destination& destination) const noexcept {
  const bool is_local = destination.name == config_.local_destination;
  return is_local ? config_.workers_local_max : config_.workers_per_destination_max;
}

void Schedule::pause(DestinationId id, SteadyTime until) {
  Destination& destination = at(id);
  destination.paused = true;
  destination.paused_until = until;
  pauses_.emplace(until, id);
  end_idle(id);
  touch(id);
}

void Schedule::end_pause(DestinationId id) {
  Destination& destination = at(id);
  if (!std::exchange(destination.paused, false)) return;
  pauses_.erase({destination.paused_until, id});
  touch(id);
}

/// Moves what `now` has reached: due entries, ends of pauses, tokens.
void Schedule::advance(SteadyTime now) {
  now_ = std::max(now_, now);
  if (stopped_) return;
  while (!deferred_.empty() && epoch_ + seconds(deferred_.front().due_s) <= now_) {
    const Deferred due = deferred_.front();
    std::ranges::pop_heap(deferred_, kLater);
    deferred_.pop_back();
    --at(due.destination).references;
    --at(due.destination).deferred;
    add({due.id, due.destination, due.sender});
  }
  while (!pauses_.empty() && pauses_.begin()->first <= now_) {
    const DestinationId id = pauses_.begin()->second;
    end_pause(id);
    at(id).allowed = 1;  // One tries; the others wait for what it finds.
  }
  while (!reserves_.empty() && reserves_.begin()->first <= now_)
    unreserve_token(reserves_.begin()->second);
  while (!timers_.empty() && timers_.begin()->first <= now_) {
    Group& group = *find(timers_.begin()->second);
    clear_timer(group);
    touch(group);
    if (group.owner) touch(*group.owner);  // It may be forgotten now.
  }
}

}  // namespace veredus::queue
