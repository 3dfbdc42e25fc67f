#include "mail/queue/owner.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <ranges>
#include <utility>

#include "base/log.h"
#include "mail/queue/backoff.h"
#include "mail/queue/outcome_log.h"

namespace veredus::queue {
namespace {

using std::chrono::seconds;

constexpr Duration kLoadRetry = seconds(60);
constexpr Duration kWritePauseMin = seconds(1);
constexpr Duration kWritePauseMax = seconds(60);
constexpr Duration kIdleMax = std::chrono::hours(1);

/// What a message costs in memory beside its body, roughly.
std::uint64_t weight(const Envelope& envelope) { return 1024 + (envelope.recipients.size() * 256); }

std::string days(seconds duration) {
  const auto hours = std::chrono::duration_cast<std::chrono::hours>(duration).count();
  return hours % 24 == 0 ? std::to_string(hours / 24) + " days" : std::to_string(hours) + " hours";
}

Verdict judge_all(const std::vector<Outcome>& outcomes) {
  if (std::ranges::any_of(outcomes, [](const Outcome& o) { return is_final(o.state); }))
    return Verdict::success;
  return std::ranges::any_of(outcomes, &Outcome::unreachable) ? Verdict::unreachable
                                                              : Verdict::failure;
}

/// The last line of a message that did not go in one attempt to one recipient: of one that did,
/// `delivery_done` has said all.
void log_done(const Working& work, WallTime now) {
  if (work.parts.size() == 1 && work.parts.front().standing.attempts == 1) return;
  const auto age = std::chrono::duration_cast<seconds>(now - work.envelope->received_at);
  log::info("message_done", {{"queue_id", text(work.envelope->id)},
                             {"recipients", work.parts.size()},
                             {"age_s", age.count()}});
}

/// One outcome for each recipient of the job, in its order; those the report forgot are deferred.
std::vector<Outcome> complete(const Job& job, std::vector<Outcome> outcomes) {
  std::vector<Outcome> all;
  all.reserve(job.recipients.size());
  for (const std::uint32_t recipient : job.recipients) {
    const auto given = std::ranges::find(outcomes, recipient, &Outcome::recipient);
    if (given != outcomes.end() && given->state != State::pending) {
      all.push_back(std::move(*given));
    } else {
      all.push_back({.recipient = recipient,
                     .state = State::deferred,
                     .reply = "the attempt ended without an answer",
                     .remote = {}});
    }
  }
  return all;
}

}  // namespace

Owner::Owner(const QueueConfig& config, const io::System& system, Spool& spool)
    : config_(config), system_(system), spool_(spool), schedule_(config, system.clock.now()) {}

void Owner::connect(Queue::DestinationOf destination_of, Queue::StartWorker start_worker) {
  destination_of_ = std::move(destination_of);
  start_worker_ = std::move(start_worker);
}

void Owner::recover(Brief brief) {
  plan(parts_of(brief.recipients, std::move(brief.standings)), brief.id);
  messages_.fetch_add(1);
}

void Owner::run() { reactor().spawn("queue_clock", keep_time()); }

void Owner::stop() {
  stopped_ = true;
  schedule_.stop();
  pump();
  if (changed_ != nullptr) changed_->raise();
}

void Owner::arrive(std::shared_ptr<const Envelope> envelope, std::vector<Bytes> chunks) {
  if (stopped_) return;  // It is on disk; the next run finds it.
  const QueueId id = envelope->id;
  const std::size_t recipients = envelope->recipients.size();
  std::uint64_t octets = 0;
  for (const Bytes& chunk : chunks) octets += chunk.size();
  const std::uint64_t bare = weight(*envelope);

  const Shared work = adopt(std::move(envelope), std::vector<Standing>(recipients));
  plan(work->parts, id);
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
  pump();
}

void Owner::ask(const std::string& destination, Duration idle,
                io::Answer<std::optional<Job>> answer) {
  if (stopped_) return answer(std::nullopt);
  const SteadyTime deadline = system_.clock.now() + std::min(idle, kIdleMax);
  const WaiterId waiter{next_waiter_++};
  waiters_.emplace(waiter, Waiter{std::move(answer), deadline});
  schedule_.ask(destination, waiter, deadline);
  pump();
}

void Owner::report(const Job& job, std::vector<Outcome> outcomes) {
  const QueueId id = job.envelope->id;
  Working* work = find(id);
  const auto is_busy = [work](std::uint32_t r) {
    return r < work->parts.size() && work->parts[r].busy;
  };
  if (work == nullptr || job.recipients.empty() || !std::ranges::all_of(job.recipients, is_busy)) {
    log::error("report_unexpected", {{"queue_id", text(id)}});
    return;
  }
  const Entry entry{id, work->parts[job.recipients.front()].destination};
  const std::vector<Outcome> all = complete(job, std::move(outcomes));
  note(*work, entry, all);
  const bool was_put_off = schedule_.is_put_off(entry.destination);
  if (schedule_.judge(entry.destination, judge_all(all), system_.clock.now())) {
    auto waiting = schedule_.take_ready(entry.destination);
    if (!waiting.empty())
      reactor().spawn("queue_drain", drain(entry.destination, std::move(waiting), all.front()));
  } else if (!was_put_off && schedule_.is_put_off(entry.destination)) {
    for (const QueueId waiting : schedule_.waiting(entry.destination)) settle(waiting);
  }
  schedule_.done(entry.destination);
  pump();
}

void Owner::refresh(std::vector<Listed>& lines) const {
  for (Listed& line : lines) {
    const auto known = working_.find(line.envelope.id);
    if (known == working_.end() || !known->second->envelope) continue;
    std::ranges::transform(known->second->parts, line.standings.begin(), &Working::Part::standing);
  }
}

io::Task<> Owner::keep_time() {
  // In this frame, for its timer must not outlive the reactor.
  const std::unique_ptr<io::Signal> changed = system_.clock.signal();
  changed_ = changed.get();
  while (!stopped_) {
    pump();
    // While the disk holds all up, the schedule's next event may be long past.
    const SteadyTime now = system_.clock.now();
    const auto next = unwritten_ < kUnwrittenMax ? schedule_.next_event() : now + kWritePauseMin;
    wake_at_ = std::min(next.value_or(now + kIdleMax), now + kIdleMax);
    co_await changed->wait_until(wake_at_);
  }
  changed_ = nullptr;
}

/// Does all that the schedule wants done now.
void Owner::pump() {
  if (changed_ == nullptr || pumping_ || unwritten_ >= kUnwrittenMax) return;
  pumping_ = true;
  const SteadyTime now = system_.clock.now();
  while (const auto action = schedule_.act(now)) perform(*action);
  pumping_ = false;
  const auto next = schedule_.next_event();
  if (next && *next < wake_at_) changed_->raise();
}

void Owner::perform(const Action& action) {
  switch (action.kind) {
    case Action::Kind::start:
      start_worker_(schedule_.name(action.destination));
      break;
    case Action::Kind::end:
      answer(action.waiter, std::nullopt);
      break;
    case Action::Kind::hand: {
      const Working* work = find(action.entry.id);
      if (work != nullptr && work->envelope) {
        give(action);
      } else {
        reactor().spawn("queue_load", give_later(action));
      }
      break;
    }
  }
}

/// Hands the message, which is in memory, to the worker.
bool Owner::give(const Action& action) {
  const QueueId id = action.entry.id;
  const Shared& work = working_.at(id);
  std::vector<std::uint32_t> recipients = pick(*work, action.entry);
  if (recipients.empty() || stopped_) {
    for (const std::uint32_t recipient : recipients) work->parts[recipient].busy = false;
    settle(id);
    return false;
  }
  answer(action.waiter, Job{.envelope = work->envelope,
                            .recipients = std::move(recipients),
                            .destination = schedule_.name(action.destination),
                            .chunks = work->chunks});
  return true;
}

io::Task<> Owner::give_later(Action action) {
  const Loaded loaded = co_await obtain(action.entry.id);
  if (loaded == Loaded::ready && give(action)) co_return;
  if (loaded == Loaded::failed) schedule_.defer(action.entry, system_.clock.now() + kLoadRetry);
  ask_again(action);
  pump();
}

/// The entry came to nothing: the worker waits for another one.
void Owner::ask_again(const Action& action) {
  schedule_.done(action.destination);
  if (stopped_) return answer(action.waiter, std::nullopt);
  const auto waiter = waiters_.find(action.waiter);
  schedule_.ask(schedule_.name(action.destination), action.waiter, waiter->second.deadline);
}

void Owner::answer(WaiterId waiter, std::optional<Job> job) {
  auto node = waiters_.extract(waiter);
  if (!node.empty()) node.mapped().answer(std::move(job));
}

Working* Owner::find(QueueId id) {
  const auto known = working_.find(id);
  return known == working_.end() ? nullptr : known->second.get();
}

/// Brings a message into memory. When `ready`, it is there until the caller's next wait.
io::Task<Owner::Loaded> Owner::obtain(QueueId id) {
  while (const Working* known = find(id)) {
    if (known->envelope) co_return Loaded::ready;
    const std::shared_ptr<io::Signal> loaded = system_.clock.signal();
    working_.at(id)->waiting.emplace_back(loaded);
    co_await loaded->wait();
  }
  working_.emplace(id, std::make_shared<Working>());
  auto stored = co_await spool_.load(id);
  const auto waiting = std::exchange(working_.at(id)->waiting, {});
  working_.erase(id);
  Loaded result = Loaded::ready;
  if (!stored) {
    log::error("queue_read_failed", {{"queue_id", text(id)}, {"reason", stored.error().text()}});
    result = Loaded::failed;
  } else if (!*stored) {
    result = Loaded::missing;
  } else {
    adopt(std::make_shared<const Envelope>(std::move((*stored)->envelope)),
          std::move((*stored)->standings));
  }
  for (const auto& waits : waiting) {
    if (const auto signal = waits.lock()) signal->raise();
  }
  co_return result;
}

Owner::Shared Owner::adopt(std::shared_ptr<const Envelope> envelope,
                           std::vector<Standing> standings) {
  auto work = std::make_shared<Working>();
  work->parts = parts_of(envelope->recipients, std::move(standings));
  work->envelope = std::move(envelope);
  working_.insert_or_assign(work->envelope->id, work);
  return work;
}

std::vector<Working::Part> Owner::parts_of(const std::vector<Recipient>& recipients,
                                           std::vector<Standing> standings) {
  std::vector<Working::Part> parts(recipients.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i].standing = std::move(standings[i]);
    parts[i].recorded = parts[i].standing.state != State::pending;
    if (parts[i].is_open()) parts[i].destination = schedule_.intern(destination_of_(recipients[i]));
  }
  return parts;
}

/// Puts entries for all recipients that are neither over nor in a job into the schedule: one for
/// each job that recipients of the same destination and time make.
void Owner::plan(const std::vector<Working::Part>& parts, QueueId id) {
  std::map<std::pair<DestinationId, WallTime>, std::size_t> groups;
  for (const Working::Part& part : parts) {
    if (part.is_open()) ++groups[{part.destination, part.standing.next_attempt}];
  }
  const WallTime wall = system_.clock.wall();
  const SteadyTime now = system_.clock.now();
  for (const auto& [group, count] : groups) {
    const auto& [destination, at] = group;
    // A clock that was set must not make mail wait longer than it ever would have.
    const Duration wait = std::min<Duration>(at - wall, config_.retry_max * 3 / 2);
    for (std::size_t done = 0; done < count; done += config_.recipients_per_job_max) {
      if (wait > Duration::zero()) {
        schedule_.defer({id, destination}, now + wait);
      } else {
        schedule_.add({id, destination});
      }
    }
  }
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
    if (renamed) plan(work.parts, entry.id);
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

/// Takes in what became of some recipients of one destination.
void Owner::note(Working& work, Entry entry, const std::vector<Outcome>& outcomes) {
  const std::uint32_t attempts = work.parts[outcomes.front().recipient].standing.attempts + 1;
  const auto wait = retry_delay(attempts, config_, system_.random.fraction());
  const WallTime retry_at =
      std::chrono::floor<std::chrono::milliseconds>(system_.clock.wall()) + wait;
  for (const Outcome& outcome : outcomes) note_one(work, outcome, retry_at);
  const bool again = std::ranges::any_of(outcomes, [&work](const Outcome& outcome) {
    return work.parts[outcome.recipient].standing.state == State::deferred;
  });
  if (again) schedule_.defer(entry, system_.clock.now() + wait);
  write(entry.id);
}

void Owner::note_one(Working& work, const Outcome& outcome, WallTime retry_at) {
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
  if (outcome.state == State::deferred) {
    if (work.envelope->received_at + config_.expire < standing.last_attempt) {
      standing.state = State::failed;
      standing.reply = "expired after " + days(config_.expire) + ": " + outcome.reply;
    } else {
      standing.next_attempt = retry_at;
    }
  }
  log_outcome(*work.envelope, outcome, standing);
}

/// A destination that was tried again is still not there: what waits for it is noted as deferred
/// for the same reason without being tried, each message with its own back-off.
io::Task<> Owner::drain(DestinationId destination, std::vector<Entry> entries, Outcome sample) {
  for (const Entry& entry : entries) {
    while (unwritten_ >= kUnwrittenMax / 2 && !stopped_)
      co_await system_.clock.sleep_for(std::chrono::milliseconds(100));
    if (stopped_) co_return;
    const Loaded loaded = co_await obtain(entry.id);
    if (loaded == Loaded::ready) {
      Working& work = *working_.at(entry.id);
      std::vector<Outcome> outcomes;
      for (const std::uint32_t recipient : pick(work, entry)) {
        sample.recipient = recipient;
        outcomes.push_back(sample);
      }
      if (!outcomes.empty()) note(work, entry, outcomes);
      settle(entry.id);
    } else if (loaded == Loaded::failed) {
      schedule_.defer(entry, system_.clock.now() + kLoadRetry);
    }
    schedule_.done(destination);
  }
  pump();
}

void Owner::write(QueueId id) {
  const Shared& work = working_.at(id);
  if (work->writing) return;  // That task sees the new changes too.
  work->writing = true;
  ++unwritten_;
  reactor().spawn("queue_write", persist(work));
}

/// Brings the changes of a message to disk, however long that takes: until then it is known here
/// and not tried again.
io::Task<> Owner::persist(Shared work) {
  const QueueId id = work->envelope->id;
  Duration pause = kWritePauseMin;
  while (std::ranges::any_of(work->parts, &Working::Part::changed)) {
    const Result<> written = co_await persist_once(*work);
    if (written) continue;
    log::error("queue_write_failed", {{"queue_id", text(id)}, {"reason", written.error().text()}});
    if (stopped_) break;  // The next run may deliver it twice, never zero times.
    co_await system_.clock.sleep_for(pause);
    pause = std::min(pause * 2, kWritePauseMax);
  }
  work->writing = false;
  --unwritten_;
  settle(id);
  pump();
}

io::Task<Result<>> Owner::persist_once(Working& work) {
  const QueueId id = work.envelope->id;
  const bool over = std::ranges::all_of(work.parts, &Working::Part::is_over);
  const bool held = std::ranges::any_of(
      work.parts, [](const auto& part) { return part.standing.state == State::failed; });
  if (over && !held) {
    Spool::Finish finish{.id = id, .chunk_count = work.envelope->chunk_count, .recorded = {}};
    for (std::uint32_t r = 0; r < work.parts.size(); ++r) {
      if (work.parts[r].recorded) finish.recorded.push_back(r);
    }
    const Result<> finished = co_await spool_.finish(std::move(finish));
    if (!finished) co_return fail(finished.error());
    for (Working::Part& part : work.parts) part.changed = false;
    messages_.fetch_sub(1);
    log_done(work, system_.clock.wall());
    co_return Result<>();
  }

  Spool::Change change{.id = id, .standings = {}};
  for (std::uint32_t r = 0; r < work.parts.size(); ++r) {
    if (!std::exchange(work.parts[r].changed, false)) continue;
    work.parts[r].recorded = true;  // Even when the write seems to fail.
    change.standings.emplace_back(r, work.parts[r].standing);
  }
  std::vector<std::uint32_t> written;
  std::ranges::transform(change.standings, std::back_inserter(written),
                         [](const auto& pair) { return pair.first; });
  const Result<> recorded = co_await spool_.record(std::move(change));
  if (!recorded) {
    for (const std::uint32_t r : written) work.parts[r].changed = true;
    co_return fail(recorded.error());
  }
  if (over) log::warning("message_held", {{"queue_id", text(id)}});
  co_return Result<>();
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
  if (work.writing || std::ranges::any_of(work.parts, keeps)) return;
  memory_bytes_ -= work.charged;
  working_.erase(known);
}

}  // namespace veredus::queue
