// What operators want done with messages that wait.

#include <algorithm>
#include <chrono>
#include <unordered_set>
#include <utility>

#include "base/log.h"
#include "mail/queue/owner.h"

namespace veredus::queue {
namespace {

constexpr std::chrono::seconds kWrittenWithin{30};
constexpr std::chrono::milliseconds kTurnPause{5};
constexpr Duration kLoadRetry = std::chrono::seconds(60);

/// What the trace says.
std::string text_of(const Order& order) {
  const std::string why = order.reason.empty() ? "" : ": " + order.reason;
  switch (order.kind) {
    case OrderKind::retry:
      return "to be tried now";
    case OrderKind::hold:
      return "held";
    case OrderKind::release:
      return "released";
    case OrderKind::remove:
      return "removed" + why;
    case OrderKind::bounce:
      return "given up" + why;
    case OrderKind::reroute:
      return order.route.empty() ? "back to where it goes by itself" : "sent to " + order.route;
  }
  return {};
}

std::string reason_of(const Order& order, std::string_view what) {
  return std::string(what) + " by the postmaster" +
         (order.reason.empty() ? "" : ": " + order.reason);
}

/// What was said last, for a notice that would otherwise tell of the order alone.
std::string last_words(const Standing& standing) {
  if (standing.reply.empty()) return {};
  const std::string who =
      standing.remote.empty() ? "the last attempt failed" : standing.remote + " said last";
  return "; " + who + ": " + standing.reply;
}

}  // namespace

void Owner::order(std::vector<Target> targets, Order order, io::Answer<Changed> answer) {
  const bool tries = order.kind != OrderKind::hold && order.kind != OrderKind::remove;
  if (tries && hooks_.forget_failures) hooks_.forget_failures();
  Change change = [this, order = std::move(order)](Working& work, const Target& target) {
    return apply(work, target, order);
  };
  reactor().spawn("queue_order",
                  carry_out(std::move(targets), std::move(change), std::move(answer)));
}

/// First all entries of the messages leave the schedule, in one go, for that looks at every entry
/// there is; then each message is changed and gets the entries it needs now.
io::Task<> Owner::carry_out(std::vector<Target> targets, Change change,
                            io::Answer<Changed> answer) {
  while (!ordering_.empty()) co_await system_.clock.sleep_for(kTurnPause);  // One after the other.
  std::unordered_set<QueueId> ids;
  for (const Target& target : targets) ids.insert(target.id);
  schedule_.forget(ids);
  for (const QueueId id : ids) ordering_.emplace(id, false);

  std::size_t changed = 0;
  std::size_t unread = 0;
  std::vector<QueueId> written;
  for (const Target& target : targets) {
    const Loaded loaded = co_await obtain(target.id);
    if (loaded == Loaded::failed) {
      ++unread;
      reactor().spawn("queue_plan", plan_again(target.id));
    }
    forget_entries(target.id);
    if (loaded != Loaded::ready) continue;
    Working& work = *working_.at(target.id);
    changed += change(work, target);
    plan_anew(work);
    if (wants_writing(work)) {
      written.push_back(target.id);
      write(target.id);
    } else {
      settle(target.id);
    }
    pump();
  }
  const bool done = co_await wait_until_written(std::move(written));
  if (unread > 0)
    answer(fail(Fault::unavailable, std::to_string(unread) + " messages cannot be read now"));
  else if (!done)
    answer(fail(Fault::unavailable, "changed, but the disk has not taken it yet"));
  else
    answer(changed);
}

void Owner::replan() {
  std::vector<QueueId> ids = schedule_.messages();
  log::info("queue_replanned", {{"messages", ids.size()}});
  reactor().spawn("queue_replan", plan_all_again(std::move(ids)));
}

io::Task<> Owner::plan_all_again(std::vector<QueueId> ids) {
  constexpr std::size_t kPage = 1000;
  const auto nothing = [](Working& /*work*/, const Target& /*target*/) -> std::size_t { return 0; };
  for (std::size_t at = 0; at < ids.size() && !stopped_; at += kPage) {
    std::vector<Target> page;
    for (std::size_t i = at; i < std::min(at + kPage, ids.size()); ++i)
      page.push_back({.id = ids[i], .recipients = {}});
    co_await carry_out(std::move(page), nothing, [](const Changed& /*changed*/) {});
  }
}

/// What entries the message got since they were taken out go too: plan() comes next.
void Owner::forget_entries(QueueId id) {
  const auto ordered = ordering_.extract(id);
  const bool is_twice = ordered.empty();  // An earlier target of this order was the same message.
  if (is_twice || ordered.mapped()) schedule_.forget({id});
  if (const auto held = in_hand_.extract(id); !held.empty()) void_[id] += held.mapped();
}

/// For a message that lost its entries and could not be read.
io::Task<> Owner::plan_again(QueueId id) {
  Loaded loaded = Loaded::failed;
  while (loaded == Loaded::failed && !stopped_) {
    co_await system_.clock.sleep_for(kLoadRetry);
    loaded = co_await obtain(id);
  }
  if (loaded != Loaded::ready) co_return;
  forget_entries(id);
  plan_anew(*working_.at(id));
  settle(id);
  pump();
}

/// How many recipients it changed.
std::size_t Owner::apply(Working& work, const Target& target, const Order& order) {
  trace::Event event{
      .kind = trace::Kind::order, .at = system_.clock.wall(), .text = text_of(order)};
  std::size_t changed = 0;
  for (std::uint32_t r = 0; r < work.parts.size(); ++r) {
    const bool meant = target.recipients.empty() ||
                       std::ranges::find(target.recipients, r) != target.recipients.end();
    if (!meant || !apply_one(work, r, order)) continue;
    work.parts[r].changed = true;
    event.recipients.push_back(work.envelope->recipients[r].address.text());
    ++changed;
  }
  if (changed == 0) return 0;
  log::info(
      "operator_order",
      {{"queue_id", text(work.envelope->id)}, {"recipients", changed}, {"order", event.text}});
  if (config_.trace) work.events.push_back(std::move(event));
  return changed;
}

/// False when the order does not apply to the recipient.
bool Owner::apply_one(Working& work, std::uint32_t recipient, const Order& order) {
  Working::Part& part = work.parts[recipient];
  Standing& standing = part.standing;
  if (part.busy && order.kind != OrderKind::hold) return false;
  if (part.is_over()) return false;
  switch (order.kind) {
    case OrderKind::retry:
      return try_now(work, recipient);
    case OrderKind::hold:
      return !is_final(standing.state) && !std::exchange(standing.held, true);
    case OrderKind::release:
      return std::exchange(standing.held, false) && try_now(work, recipient);
    case OrderKind::remove:
      standing.state = State::removed;
      standing.reply = reason_of(order, "removed");
      return true;
    case OrderKind::bounce:
      if (is_final(standing.state)) return false;
      standing.state = State::failed;
      standing.held = false;
      standing.reply = reason_of(order, "5.0.0 given up") + last_words(standing);
      standing.remote.clear();
      return true;
    case OrderKind::reroute:
      if (is_final(standing.state)) return false;
      standing.route = order.route;
      try_now(work, recipient);
      return true;
  }
  return false;
}

/// Makes an open recipient due, also when its destination is left alone because of failures. False
/// when it is not open.
bool Owner::try_now(Working& work, std::uint32_t recipient) {
  Working::Part& part = work.parts[recipient];
  if (!part.is_open()) return false;
  part.standing.next_attempt = {};
  set_destination(part, work.envelope->recipients[recipient]);
  const std::string& destination = schedule_.name(part.destination);
  const auto view = schedule_.view(destination);
  if (view && !view->held && view->paused_until) schedule_.resume(destination);
  return true;
}

/// False when the disk takes too long.
io::Task<bool> Owner::wait_until_written(std::vector<QueueId> ids) {
  const SteadyTime until = system_.clock.now() + kWrittenWithin;
  for (const QueueId id : ids) {
    while (const Working* work = find(id)) {
      if (!work->writing) break;
      const std::shared_ptr<io::Signal> written = system_.clock.signal();
      working_.at(id)->waiting.emplace_back(written);
      const bool raised = co_await written->wait_until(until);
      if (!raised) co_return false;
    }
  }
  co_return true;
}

}  // namespace veredus::queue
