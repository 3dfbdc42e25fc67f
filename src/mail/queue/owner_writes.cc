// Bringing what became of a message to disk, and with it, in the same batch, the notices that tell
// its sender.

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "mail/queue/events.h"
#include "mail/queue/outcome_log.h"
#include "mail/queue/owner.h"

namespace veredus::queue {
namespace {

using std::chrono::seconds;

constexpr Duration kWritePauseMin = seconds(1);
constexpr Duration kWritePauseMax = seconds(60);

bool is_busy(const Working& work) { return std::ranges::any_of(work.parts, &Working::Part::busy); }

/// Failures are told together, as soon as no attempt is under way.
bool is_due(const Working& work, NoticeKind kind) {
  if (kind == NoticeKind::delay)
    return std::ranges::any_of(work.parts, &Working::Part::is_late_untold);
  return !is_busy(work) && std::ranges::any_of(work.parts, &Working::Part::is_untold);
}

bool is_told_of(const Working::Part& part, NoticeKind kind) {
  return kind == NoticeKind::delay ? part.is_late_untold() : part.is_untold();
}

std::string_view name(NoticeKind kind) { return kind == NoticeKind::delay ? "delay" : "failure"; }

/// The last line of a message that did not go in one attempt to one recipient: of one that did,
/// `delivery_done` has said all.
void log_done(const Working& work, WallTime now) {
  if (work.parts.size() == 1 && work.parts.front().standing.attempts == 1) return;
  const auto age = std::chrono::duration_cast<seconds>(now - work.envelope->received_at);
  log::info("message_done", {{"queue_id", text(work.envelope->id)},
                             {"recipients", work.parts.size()},
                             {"age_s", age.count()}});
}

}  // namespace

void Owner::write(QueueId id) {
  const Shared& work = working_.at(id);
  if (work->writing) return;  // That task sees the new changes too.
  work->writing = true;
  ++unwritten_;
  reactor().spawn("queue_write", persist(work));
}

bool Owner::wants_writing(const Working& work) {
  return std::ranges::any_of(work.parts, &Working::Part::changed) ||
         is_due(work, NoticeKind::failure) || is_due(work, NoticeKind::delay);
}

/// Brings the changes of a message to disk, however long that takes: until then it is known here
/// and not tried again.
io::Task<> Owner::persist(Shared work) {
  const QueueId id = work->envelope->id;
  Duration pause = kWritePauseMin;
  std::optional<Spool::Update> update;
  while (update || wants_writing(*work)) {
    if (!update) {
      const std::optional<std::string> start = co_await start_of(*work);
      update = take_changes(*work, start);
    }
    const Result<> written = co_await spool_.apply(*update);
    if (written) {
      conclude(*work, std::move(*update));
      update.reset();
      continue;
    }
    // What failed may be on disk all the same. A notice must not be made twice: the same batch
    // again.
    log::error("queue_write_failed", {{"queue_id", text(id)}, {"reason", written.error().text()}});
    if (stopped_) break;  // The next run may deliver it twice, never zero times.
    co_await system_.clock.sleep_for(pause);
    pause = std::min(pause * 2, kWritePauseMax);
  }
  work->writing = false;
  --unwritten_;
  wake(*work);
  settle(id);
  pump();
}

/// All of it is on disk.
void Owner::conclude(const Working& work, Spool::Update update) {
  if (update.finish) {
    messages_.fetch_sub(1);
    log_done(work, system_.clock.wall());
  }
  for (Made& made : update.made) arrive_made(std::move(made));
}

/// The message from its first octet on, when a notice is due; else nothing.
io::Task<std::optional<std::string>> Owner::start_of(const Working& work) {
  if (!is_due(work, NoticeKind::failure) && !is_due(work, NoticeKind::delay))
    co_return std::nullopt;
  if (!work.chunks.empty()) co_return std::string(work.chunks.front().view());
  const QueueId id = work.envelope->id;
  const auto chunk = co_await spool_.chunk(id, 0);
  if (chunk) co_return std::string(chunk->view());
  // A notice without the message's header is better than none.
  log::error("queue_read_failed", {{"queue_id", text(id)}, {"reason", chunk.error().text()}});
  co_return std::string();
}

/// What is to be written now. Until it is, the parts are as if it were.
Spool::Update Owner::take_changes(Working& work, const std::optional<std::string>& start) {
  Spool::Update update;
  update.id = work.envelope->id;
  update.now = system_.clock.wall();
  if (start) {
    tell(work, *start, NoticeKind::failure, update);
    tell(work, *start, NoticeKind::delay, update);
  }
  const bool over = std::ranges::all_of(work.parts, &Working::Part::is_over);
  if (over) update.finish.emplace(work.envelope->chunk_count, std::vector<std::uint32_t>());
  for (std::uint32_t r = 0; r < work.parts.size(); ++r) {
    Working::Part& part = work.parts[r];
    if (over && part.recorded) update.finish->recorded.push_back(r);
    if (!std::exchange(part.changed, false)) continue;
    if (!over) part.recorded = true;  // Even when the write seems to fail.
    update.standings.emplace_back(r, part.standing);
  }
  if (!config_.trace) return update;
  if (!std::exchange(work.is_traced, true))
    work.events.insert(work.events.begin(), accepted_event(*work.envelope));
  update.events = std::exchange(work.events, {});
  return update;
}

/// Adds a notice of one kind, if one is due.
void Owner::tell(Working& work, std::string_view start, NoticeKind kind, Spool::Update& update) {
  if (!is_due(work, kind)) return;
  const WallTime now = system_.clock.wall();
  const auto left = patience_of(*work.envelope).expire - age_.of(work.envelope->received_at);
  NoticeRequest request{.kind = kind,
                        .id = new_id_(),
                        .envelope = *work.envelope,
                        .recipients = {},
                        .start = start,
                        .now = now,
                        .gives_up_at = now + left};
  trace::Event event{.kind = trace::Kind::notice, .at = now};
  for (std::uint32_t r = 0; r < work.parts.size(); ++r) {
    Working::Part& part = work.parts[r];
    if (!is_told_of(part, kind)) continue;
    request.recipients.emplace_back(r, part.standing);
    event.recipients.push_back(work.envelope->recipients[r].address.text());
    part.changed = true;
    part.is_late = false;
    if (kind == NoticeKind::failure)
      part.standing.state = State::bounced;
    else
      part.standing.warned = true;
  }
  auto made = make_notice(request);
  event.text =
      made ? std::string(name(kind)) : std::string(name(kind)) + ": " + made.error().text();
  if (made) {
    event.related = request.id;
    update.made.push_back(std::move(*made));
  }
  log_notice(*work.envelope, event);
  if (config_.trace) work.events.push_back(std::move(event));
}

/// Error: nobody is to be told, and why.
Result<Made> Owner::make_notice(const NoticeRequest& request) {
  if (!hooks_.compose_notice) return fail(Fault::refused, "notices are not made here");
  Result<Message> composed = hooks_.compose_notice(request);
  if (!composed) return fail(composed.error());
  Envelope& envelope = composed->envelope;
  envelope.chunk_count = static_cast<std::uint32_t>(composed->chunks.size());
  std::vector<Standing> standings(envelope.recipients.size());
  const SenderKey to = sender_key(envelope.recipients.front().address.text());
  const Duration wait = notice_pace_.book(to, system_.clock.now());
  if (wait > Duration::zero()) {
    for (Standing& standing : standings) {
      standing.state = State::deferred;
      standing.reply = "waits because many notices go to this address (queue.notices_per_minute)";
      standing.next_attempt =
          std::chrono::ceil<std::chrono::milliseconds>(system_.clock.wall() + wait);
    }
  }
  return Made{.envelope = std::make_shared<const Envelope>(std::move(envelope)),
              .chunks = std::move(composed->chunks),
              .standings = std::move(standings)};
}

/// A message of ours that was just made durable.
void Owner::arrive_made(Made made) {
  messages_.fetch_add(1);
  if (stopped_) return;  // The next run finds it.
  const Shared work = adopt(std::move(made.envelope), std::move(made.standings));
  work->is_traced = false;
  keep(work, std::move(made.chunks));
}

/// Messages of which an earlier run could not tell their senders any more.
io::Task<> Owner::tell_recovered() {
  for (const QueueId id : std::exchange(untold_, {})) {
    while (unwritten_ >= kUnwrittenMax / 2 && !stopped_)
      co_await system_.clock.sleep_for(std::chrono::milliseconds(100));
    if (stopped_) co_return;
    const Loaded loaded = co_await obtain(id);
    if (loaded == Loaded::ready) write(id);
    if (loaded == Loaded::failed) untold_.push_back(id);
  }
  if (untold_.empty()) co_return;
  co_await system_.clock.sleep_for(kWritePauseMax);
  if (!stopped_) reactor().spawn("queue_tell", tell_recovered());
}

}  // namespace veredus::queue
