// What destinations under one limit share: which limit it is, and turns at its messages a minute.

#include <algorithm>
#include <functional>
#include <limits>
#include <memory>
#include <utility>

#include "mail/queue/schedule.h"

namespace veredus::queue {
namespace {

/// Never 0.
std::size_t hash_of(const std::vector<std::string>& hosts) {
  std::size_t hash = hosts.size();
  for (const std::string& host : hosts) hash = hash * 31 + std::hash<std::string>()(host);
  return hash | 1;
}

}  // namespace

Group Schedule::make_group(GroupId id, LimitTable::Index index) const {
  const Limit& limit = config_.limits[index];
  Group group;
  group.id = id;
  group.limit = index;
  group.pool.max = limit.workers_max.value_or(std::numeric_limits<std::uint32_t>::max());
  group.pool.first_line = kLineGroupFirst;
  group.pool.more_line = kLineGroupMore;
  if (limit.messages_per_minute) group.bucket.emplace(*limit.messages_per_minute, now_);
  return group;
}

Group* Schedule::find(GroupId id) {
  const auto index = static_cast<std::uint32_t>(id);
  if (index < groups_.size()) return &groups_[index];
  return destinations_[index - groups_.size()].own.get();
}

Group* Schedule::group_of(DestinationId id, std::optional<LimitTable::Index> limit) {
  if (!limit) return nullptr;
  if (!config_.limits[*limit].per_destination) return &groups_[*limit];
  std::unique_ptr<Group>& own = at(id).own;
  if (own && own->limit == *limit) return own.get();
  if (own) clear_timer(*own);
  const auto number = groups_.size() + static_cast<std::uint32_t>(id);
  own = std::make_unique<Group>(make_group(GroupId{static_cast<std::uint32_t>(number)}, *limit));
  own->owner = id;
  return own.get();
}

/// What is known of a new destination from its name.
void Schedule::find_limit(DestinationId id) {
  Destination& destination = at(id);
  const LimitTable::Finding found = limits_.find(destination.name);
  destination.hosts_decide = found.needs_hosts;
  destination.undetermined = found.needs_hosts;
  destination.group = group_of(id, found.limit);
}

/// Takes in what a worker, which asks, found. False when it must end: the limit that its hosts put
/// it under is used up, or it is another one than before, to which a destination moves as a whole.
bool Schedule::settle_limit(DestinationId id, const std::vector<std::string>& hosts) {
  Destination& destination = at(id);
  if (destination.moving) return false;
  if (!destination.hosts_decide || hosts.empty()) return true;
  const std::size_t hash = hash_of(hosts);
  if (hash == destination.hosts_hash) return true;
  const auto limit = limits_.find(destination.name, &hosts).limit;
  const auto now =
      destination.group == nullptr ? std::nullopt : std::optional(destination.group->limit);
  if (destination.workers > 1 && limit != now) {
    destination.moving = true;
    end_idle(id);
    return false;
  }
  destination.hosts_hash = hash;
  destination.undetermined = false;
  return limit == now || move_to(id, limit);
}

/// Puts the destination and its workers under another limit, or none. False when that has no room
/// for them.
bool Schedule::move_to(DestinationId id, std::optional<LimitTable::Index> limit) {
  Destination& destination = at(id);
  unreserve_token(id);
  destination.ticket = false;
  if (Group* old = destination.group; old != nullptr) {
    const auto is_it = [id](DestinationId other) { return other == id; };
    old->pool.workers -= destination.workers;
    old->pool.first.remove_if(is_it);
    old->pool.more.remove_if(is_it);
    old->turns.remove_if(is_it);
    touch(*old);
  }
  destination.lines &= kLineFirst | kLineMore;
  destination.group = group_of(id, limit);  // Perhaps in place of the old one.
  touch(id);
  Group* group = destination.group;
  if (group == nullptr) return true;
  group->pool.workers += destination.workers;
  return group->pool.workers <= group->pool.max;
}

/// The last worker under the former limit ended: the next one finds out which it is now.
void Schedule::moved_out(DestinationId id) {
  Destination& destination = at(id);
  destination.moving = false;
  destination.undetermined = true;
  destination.hosts_hash = 0;
  move_to(id, std::nullopt);
}

std::uint32_t Schedule::free_tokens(const Group& group) const noexcept {
  const std::uint32_t level = group.bucket->level(now_);
  return level - std::min(level, group.reserved);
}

/// True when the destination's next entry may go as far as rates are concerned. Else it stands in
/// line for a token; in front if it had its turn and could not use it.
bool Schedule::may_take_token(DestinationId id) {
  Destination& destination = at(id);
  Group* group = destination.group;
  if (group == nullptr || !group->bucket || destination.reserved) return true;
  if (free_tokens(*group) > 0 && (destination.ticket || group->turns.empty())) {
    destination.ticket = true;
    return true;
  }
  if ((destination.lines & kLineTokens) == 0) {
    destination.lines |= kLineTokens;
    if (destination.ticket) {
      group->turns.push_front(id);
    } else {
      group->turns.push(id);
    }
  }
  touch(*group);
  return false;
}

void Schedule::take_token(DestinationId id) {
  Destination& destination = at(id);
  destination.ticket = false;
  if (destination.group == nullptr || !destination.group->bucket) return;
  unreserve_token(id);
  destination.group->bucket->take(now_);
}

/// Keeps a token for a worker that starts: until it asks, or for kReserve.
void Schedule::reserve_token(DestinationId id) {
  Destination& destination = at(id);
  destination.ticket = false;
  if (destination.group == nullptr || !destination.group->bucket) return;
  unreserve_token(id);
  destination.reserved = true;
  destination.reserved_until = now_ + kReserve;
  reserves_.emplace(destination.reserved_until, id);
  ++destination.group->reserved;
}

void Schedule::unreserve_token(DestinationId id) {
  Destination& destination = at(id);
  if (!std::exchange(destination.reserved, false)) return;
  reserves_.erase({destination.reserved_until, id});
  --destination.group->reserved;
  touch(*destination.group);
}

/// Lets one go that waits for a slot or a token, if there is one; those that wait for a slot had
/// their turn for a token. Else notes when the next token comes.
bool Schedule::wake(Group& group) {
  const bool has_token = !group.bucket || free_tokens(group) > 0;
  if (has_token && wake(group.pool)) return true;
  if (has_token && !group.turns.empty()) {
    const DestinationId id = group.turns.pop();
    at(id).lines &= static_cast<std::uint8_t>(~kLineTokens);
    at(id).ticket = true;
    touch(id);
    return true;
  }
  const bool wanted = !group.turns.empty() || !group.pool.first.empty() || !group.pool.more.empty();
  // With all tokens reserved, one of those is used or given back before.
  if (!has_token && wanted && group.reserved < group.bucket->burst())
    set_timer(group, group.bucket->time_of(group.reserved + 1));
  return false;
}

void Schedule::touch(Group& group) {
  if (std::exchange(group.noted, true)) return;
  touched_groups_.push_back(group.id);
}

void Schedule::set_timer(Group& group, SteadyTime time) {
  if (group.timer == time) return;
  clear_timer(group);
  group.timer = time;
  timers_.emplace(time, group.id);
}

void Schedule::clear_timer(Group& group) {
  timers_.erase({group.timer, group.id});
  group.timer = {};
}

}  // namespace veredus::queue
