// Messages in memory, and their entries in the schedule.

#include <algorithm>
#include <map>
#include <ranges>
#include <utility>

#include "base/log.h"
#include "mail/queue/id_time.h"
#include "mail/queue/owner.h"

namespace veredus::queue {
namespace {

/// What a message costs in memory beside its body, roughly.
std::uint64_t weight(const Envelope& envelope) { return 1024 + (envelope.recipients.size() * 256); }

}  // namespace

Working* Owner::find(QueueId id) {
  const auto known = working_.find(id);
  return known == working_.end() ? nullptr : known->second.get();
}

/// Brings a message into memory. When `ready`, it is there until the caller's next wait.
io::Task<Owner::Loaded> Owner::obtain(QueueId id) {
  for (;;) {
    while (const Working* known = find(id)) {
      if (known->envelope) co_return Loaded::ready;
      const std::shared_ptr<io::Signal> loaded = system_.clock.signal();
      working_.at(id)->waiting.emplace_back(loaded);
      co_await loaded->wait();
    }
    const auto placeholder = std::make_shared<Working>();
    working_.emplace(id, placeholder);
    auto stored = co_await spool_.load(id);
    const auto now = working_.find(id);
    const bool is_ours = now != working_.end() && now->second == placeholder;
    if (is_ours) working_.erase(now);
    // Else it arrived meanwhile, and is what it was made then.
    const Loaded result = is_ours ? take_in(id, std::move(stored)) : Loaded::missing;
    wake(*placeholder);
    if (is_ours) co_return result;
  }
}

/// A message that was read from disk.
Owner::Loaded Owner::take_in(QueueId id, Result<std::optional<Listed>> stored) {
  Loaded result = Loaded::ready;
  if (!stored) {
    log::error("queue_read_failed", {{"queue_id", text(id)}, {"reason", stored.error().text()}});
    result = Loaded::failed;
  } else if (!*stored) {
    result = Loaded::missing;
  } else {
    const Shared work = adopt(std::make_shared<const Envelope>(std::move((*stored)->envelope)),
                              std::move((*stored)->standings));
    // A pending recipient too may have a standing on disk, since an order.
    work->is_traced = (*stored)->is_touched;
    for (Working::Part& part : work->parts) part.recorded = true;
  }
  return result;
}

void Owner::wake(Working& work) {
  for (const auto& waits : std::exchange(work.waiting, {})) {
    if (const auto signal = waits.lock()) signal->raise();
  }
}

Owner::Shared Owner::adopt(std::shared_ptr<const Envelope> envelope,
                           std::vector<Standing> standings) {
  auto work = std::make_shared<Working>();
  work->parts = parts_of(envelope->recipients, std::move(standings));
  work->sender = sender_key(*envelope);
  work->is_traced = std::ranges::any_of(work->parts, &Working::Part::recorded);
  work->envelope = std::move(envelope);
  working_.insert_or_assign(work->envelope->id, work);
  return work;
}

/// Plans a message that is new, and keeps it in memory while the budget lasts.
void Owner::keep(const Shared& work, std::vector<Bytes> chunks) {
  const QueueId id = work->envelope->id;
  std::uint64_t octets = 0;
  for (const Bytes& chunk : chunks) octets += chunk.size();
  const std::uint64_t bare = weight(*work->envelope);
  plan(work->parts, id, work->sender);
  if (memory_bytes_ + bare <= config_.memory_bytes_max) {
    work->fresh = true;
    work->charged = bare;
    if (memory_bytes_ + bare + octets <= config_.memory_bytes_max) {
      work->charged += octets;
      work->chunks = std::move(chunks);
    }
    memory_bytes_ += work->charged;
  }
  settle(id);
}

std::vector<Working::Part> Owner::parts_of(const std::vector<Recipient>& recipients,
                                           std::vector<Standing> standings) {
  std::vector<Working::Part> parts(recipients.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i].standing = std::move(standings[i]);
    parts[i].recorded = parts[i].standing.state != State::pending || parts[i].standing.held ||
                        !parts[i].standing.route.empty();
    if (parts[i].is_open()) set_destination(parts[i], recipients[i]);
  }
  return parts;
}

void Owner::set_destination(Working::Part& part, const Recipient& recipient) {
  const std::string& chosen = part.standing.route;
  part.destination = schedule_.intern(chosen.empty() ? hooks_.destination_of(recipient) : chosen);
}

/// Puts entries for all recipients that are open into the schedule: one for each job that
/// recipients of the same destination and time make.
void Owner::plan(const std::vector<Working::Part>& parts, QueueId id, SenderKey sender) {
  std::map<std::pair<DestinationId, WallTime>, std::size_t> groups;
  for (const Working::Part& part : parts) {
    if (part.is_open()) ++groups[{part.destination, part.standing.next_attempt}];
  }
  const WallTime wall = system_.clock.wall();
  // A clock that was set must not make mail wait longer than it ever would have. What was never
  // tried and waits nevertheless is a notice whose turn comes later.
  const bool is_paced = std::ranges::none_of(
      parts, [](const Working::Part& part) { return part.standing.attempts > 0; });
  for (const auto& [group, count] : groups) {
    const auto& [destination, at] = group;
    const Duration wait_max = is_paced ? at - time_of(id) : Duration(config_.retry_max * 3 / 2);
    const Duration wait = std::min<Duration>(at - wall, wait_max);
    for (std::size_t done = 0; done < count; done += config_.recipients_per_job_max)
      enter({id, destination, sender}, wait);
  }
}

/// The same for a message that had no entries for a while: nothing kept the ids of its
/// destinations.
void Owner::plan_anew(Working& work) {
  for (std::size_t r = 0; r < work.parts.size(); ++r) {
    if (work.parts[r].is_open()) set_destination(work.parts[r], work.envelope->recipients[r]);
  }
  plan(work.parts, work.envelope->id, work.sender);
}

void Owner::enter(Entry entry, Duration wait) {
  if (const auto ordered = ordering_.find(entry.id); ordered != ordering_.end())
    ordered->second = true;
  if (wait > Duration::zero())
    schedule_.defer(entry, system_.clock.now() + wait);
  else
    schedule_.add(entry);
}

/// The recipients the entry stands for, marked busy: of those at its destination the ones with
/// the earliest time. Every such group has as many entries as it makes jobs, and entries come up
/// in the order of time, so each entry finds its own, whatever the wall clock does.
std::vector<std::uint32_t> Owner::pick(Working& work, Entry entry) {
  const auto is_here = [&](std::uint32_t r) {
    return work.parts[r].is_open() && work.parts[r].destination == entry.destination;
  };
  const auto time_of = [&work](std::uint32_t r) { return work.parts[r].standing.next_attempt; };
  auto here = std::views::iota(0U, static_cast<std::uint32_t>(work.parts.size())) |
              std::views::filter(is_here);
  if (here.empty()) {
    // Destinations were renamed by a new configuration: entries under the new names.
    const bool renamed = std::ranges::none_of(
        work.parts, [&](const auto& part) { return part.destination == entry.destination; });
    if (renamed) {
      forget_entries(entry.id);  // The other old ones: each would do the same.
      plan(work.parts, entry.id, work.sender);
    }
    return {};
  }
  const WallTime first = std::ranges::min(here | std::views::transform(time_of));
  std::vector<std::uint32_t> picked;
  for (const std::uint32_t recipient : here) {
    if (picked.size() == config_.recipients_per_job_max) break;
    if (time_of(recipient) == first) picked.push_back(recipient);
  }
  for (const std::uint32_t recipient : picked) work.parts[recipient].busy = true;
  return picked;
}

/// False when an order made the entry void after it left the schedule: the message has others.
bool Owner::is_still_in_hand(QueueId id) {
  const auto take_one = [id](auto& counts) {
    const auto count = counts.find(id);
    if (count == counts.end()) return false;
    if (--count->second == 0) counts.erase(count);
    return true;
  };
  return !take_one(void_) && take_one(in_hand_);
}

/// Forgets what is on disk and not needed here, or not soon.
void Owner::settle(QueueId id) {
  const auto known = working_.find(id);
  if (known == working_.end() || !known->second->envelope) return;
  const Working& work = *known->second;
  const auto keeps = [&](const Working::Part& part) {
    const bool is_next = work.fresh && part.standing.state == State::pending;
    return part.busy || (is_next && !schedule_.is_put_off(part.destination));
  };
  if (work.writing || wants_writing(work) || std::ranges::any_of(work.parts, keeps)) return;
  memory_bytes_ -= work.charged;
  working_.erase(known);
}

}  // namespace veredus::queue
