#include "mail/queue/owner.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"

namespace veredus::queue {
namespace {

using std::chrono::seconds;

constexpr Duration kLoadRetry = seconds(60);
constexpr Duration kDiskPause = seconds(1);
constexpr Duration kIdleMax = std::chrono::hours(1);

Verdict judge_all(const std::vector<Outcome>& outcomes) {
  if (std::ranges::any_of(outcomes, [](const Outcome& o) { return is_final(o.state); }))
    return Verdict::success;
  return std::ranges::all_of(outcomes, &Outcome::unreachable) ? Verdict::unreachable
                                                              : Verdict::failure;
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

Owner::Owner(const QueueConfig& config, const io::System& system, Spool& spool, Queue::NewId new_id)
    : config_(config),
      system_(system),
      spool_(spool),
      new_id_(std::move(new_id)),
      schedule_(config, system.clock.now()),
      age_(system.clock.now(), system.clock.wall()),
      notice_pace_(config.notices_per_minute) {}

void Owner::recover(Brief brief) {
  const auto is_failed = [](const Standing& each) { return each.state == State::failed; };
  const bool untold = std::ranges::any_of(brief.standings, is_failed);
  plan(parts_of(brief.envelope.recipients, std::move(brief.standings)), brief.id,
       brief.envelope.sender);
  if (untold) untold_.push_back(brief.id);
  messages_.fetch_add(1);
}

void Owner::run() {
  reactor().spawn("queue_clock", keep_time());
  reactor().spawn("queue_review", review());
  if (!untold_.empty()) reactor().spawn("queue_tell", tell_recovered());
}

void Owner::stop() {
  stopped_ = true;
  schedule_.stop();
  pump();
  if (changed_ != nullptr) changed_->raise();
}

void Owner::arrive(std::shared_ptr<const Envelope> envelope, std::vector<Bytes> chunks) {
  if (stopped_) return;  // It is on disk; the next run finds it.
  const std::size_t recipients = envelope->recipients.size();
  keep(adopt(std::move(envelope), std::vector<Standing>(recipients)), std::move(chunks));
  pump();
}

void Owner::ask(const Wish& wish, io::Answer<std::optional<Job>> answer) {
  if (stopped_) return answer(std::nullopt);
  const SteadyTime deadline = system_.clock.now() + std::min(wish.idle, kIdleMax);
  const WaiterId waiter{next_waiter_++};
  waiters_.emplace(waiter, Waiter{std::move(answer), deadline});
  schedule_.ask(wish.destination, waiter, deadline, wish.hosts);
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
  const Entry entry{id, work->parts[job.recipients.front()].destination, work->sender};
  const std::vector<Outcome> all = complete(job, std::move(outcomes));
  const bool was_put_off = schedule_.is_put_off(entry.destination);
  const std::string& said = all.front().reply;
  if (schedule_.judge(entry.destination, judge_all(all), system_.clock.now(), said))
    put_back(*work, entry, all);
  else
    note(*work, entry, all);
  if (!was_put_off && schedule_.is_put_off(entry.destination)) {
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

void Owner::hold(const std::string& destination) {
  schedule_.hold(destination);
  for (const QueueId waiting : schedule_.waiting(schedule_.intern(destination))) settle(waiting);
  log::info("destination_paused", {{"destination", destination}});
  pump();
}

void Owner::resume(const std::string& destination) {
  if (hooks_.forget_failures) hooks_.forget_failures();
  schedule_.resume(destination);
  log::info("destination_resumed", {{"destination", destination}});
  pump();
}

io::Task<> Owner::keep_time() {
  // In this frame, for its timer must not outlive the reactor.
  const std::unique_ptr<io::Signal> changed = system_.clock.signal();
  changed_ = changed.get();
  while (!stopped_) {
    observe_clock();
    pump();
    // While the disk holds all up, the schedule's next event may be long past.
    const SteadyTime now = system_.clock.now();
    const auto next = unwritten_ < kUnwrittenMax ? schedule_.next_event() : now + kDiskPause;
    wake_at_ = std::min(next.value_or(now + kIdleMax), now + kIdleMax);
    co_await changed->wait_until(wake_at_);
  }
  changed_ = nullptr;
}

void Owner::observe_clock() {
  const seconds jump = age_.observe(system_.clock.now(), system_.clock.wall());
  if (jump != seconds(0)) log::warning("clock_jumped", {{"seconds", jump.count()}});
}

/// Does all that the schedule wants done now.
void Owner::pump() {
  if (changed_ == nullptr || pumping_ || (unwritten_ >= kUnwrittenMax && !stopped_)) return;
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
      hooks_.start_worker(schedule_.name(action.destination));
      break;
    case Action::Kind::end:
      answer(action.waiter, std::nullopt);
      break;
    case Action::Kind::hand: {
      const Working* work = find(action.entry.id);
      if (work != nullptr && work->envelope) {
        if (!give(action)) ask_again(action);
      } else {
        take_in_hand(action.entry.id);
        reactor().spawn("queue_load", give_later(action));
      }
      break;
    }
  }
}

/// Of a message that is in memory; nothing when the entry stands for nobody any more.
std::optional<Job> Owner::make_job(const Entry& entry) {
  const Shared& work = working_.at(entry.id);
  std::vector<std::uint32_t> recipients = pick(*work, entry);
  if (recipients.empty() || stopped_) {
    for (const std::uint32_t recipient : recipients) work->parts[recipient].busy = false;
    settle(entry.id);
    return std::nullopt;
  }
  return Job{.envelope = work->envelope,
             .recipients = std::move(recipients),
             .destination = schedule_.name(entry.destination),
             .chunks = work->chunks,
             .more = schedule_.has_more(entry.destination)};
}

/// Hands the message, which is in memory, to the worker.
bool Owner::give(const Action& action) {
  auto job = make_job(action.entry);
  if (!job) return false;
  answer(action.waiter, std::move(job));
  return true;
}

/// As pump(): nothing while too much waits for the disk. What is not in memory waits for a worker
/// that has nothing else to do meanwhile.
std::optional<Job> Owner::take_besides(const std::string& destination) {
  if (changed_ == nullptr || unwritten_ >= kUnwrittenMax) return std::nullopt;
  const auto entry = schedule_.take_besides(destination, [this](QueueId id) {
    const Working* work = find(id);
    return work != nullptr && work->envelope;
  });
  if (!entry) return std::nullopt;
  auto job = make_job(*entry);
  if (!job) schedule_.done(entry->destination);
  pump();
  return job;
}

io::Task<> Owner::give_later(Action action) {
  const Loaded loaded = co_await obtain(action.entry.id);
  const bool valid = is_still_in_hand(action.entry.id);
  if (valid && loaded == Loaded::ready && give(action)) co_return;
  if (valid && loaded == Loaded::failed) enter(action.entry, kLoadRetry);
  ask_again(action);
  pump();
}

/// The entry came to nothing: the worker waits for another one.
void Owner::ask_again(const Action& action) {
  schedule_.done(action.destination);
  if (stopped_) return answer(action.waiter, std::nullopt);
  const auto waiter = waiters_.find(action.waiter);
  schedule_.ask(schedule_.name(action.destination), action.waiter, waiter->second.deadline, {});
}

void Owner::answer(WaiterId waiter, std::optional<Job> job) {
  auto node = waiters_.extract(waiter);
  if (!node.empty()) node.mapped().answer(std::move(job));
}

}  // namespace veredus::queue
