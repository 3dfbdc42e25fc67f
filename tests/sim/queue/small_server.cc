#include "sim/queue/small_server.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace veredus::simulation {
namespace {

using queue::Order;
using queue::OrderKind;
using queue::State;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// Several at one place, so that a message's recipients there part and meet again.
constexpr std::array<std::string_view, 9> kRecipients{
    "ann@one.example",      "bob@one.example",      "cat@one.example",
    "dan@one.example",      "eve@a.shared.example", "fay@b.shared.example",
    "gil@b.shared.example", "hal@dead.example",     "ian@two.example"};
constexpr std::array<std::string_view, 3> kSenders{"al@home.example", "bo@home.example",
                                                   "cy@dead.example"};

smtp::Address address(std::string_view text) { return *smtp::Address::parse(text); }

std::string destination_of(const queue::Recipient& recipient) {
  return "mx:" + std::string(recipient.address.host_text());
}

std::string body_of(QueueId id) { return "letter " + text(id) + "\r\n"; }

}  // namespace

SmallServer::SmallServer(SmallWorld& world)
    : world_(world),
      books_(world.books_),
      queue_(world.config_, world.world_.server().system(), world.storage_) {
  queue_.connect(
      {.destination_of = &destination_of,
       .start_worker = [this](const std::string& name) { host().spawn("worker", work(name)); },
       .compose_notice = [this](const queue::NoticeRequest& request) { return compose(request); }});
}

io::Task<> SmallServer::start() {
  const Result<> begun = co_await queue_.start();
  if (!begun) co_await host().die();
  host().spawn("submit", submit_all());
  if (world_.plan_.order > 0) host().spawn("operate", operate());
  world_.started_ = true;
}

io::Task<> SmallServer::submit_all() {
  const SmallPlan& plan = world_.plan_;
  const Duration pause_max = plan.trouble / static_cast<int>(plan.messages);
  while (world_.written_ < plan.messages) {
    const bool in_a_row = choices().chance(0.5);
    const Duration pause = choices().between(Duration::zero(), pause_max);
    co_await host().sleep(in_a_row ? milliseconds(3) : pause);
    ++world_.written_;
    host().spawn("submit", submit_one());
  }
}

io::Task<> SmallServer::submit_one() {
  queue::Message message = co_await write_message();
  const QueueId id = message.envelope.id;
  const Result<> queued = co_await queue_.submit(std::move(message));
  books_.answered(id, queued.has_value());
}

io::Task<queue::Message> SmallServer::write_message() {
  queue::Message made;
  queue::Envelope& envelope = made.envelope;
  envelope.id = queue_.new_id();
  const std::uint64_t sender = choices().below(kSenders.size() + 1);
  if (sender < kSenders.size()) envelope.sender = smtp::ReversePath(address(kSenders.at(sender)));
  envelope.received_at = host().system().clock.wall();
  const std::uint64_t count = choices().between(1, 6);
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto name = kRecipients.at(choices().below(kRecipients.size()));
    envelope.recipients.push_back({address(name), {}, {}, {}, {}});
  }
  const std::string body = body_of(envelope.id);
  envelope.size = body.size();
  books_.offered(envelope);
  const bool large = choices().chance(0.1);
  if (large) {
    const Result<> kept = co_await queue_.append(envelope.id, 0, Bytes(body.substr(0, 7)));
    if (kept) made.appended = 1;
  }
  made.chunks.emplace_back(made.appended == 1 ? body.substr(7) : body);
  co_return made;
}

Result<queue::Message> SmallServer::compose(const queue::NoticeRequest& request) {
  if (request.envelope.sender.is_null()) return fail(Fault::refused, "the sender is null");
  if (!body_of(request.envelope.id).starts_with(request.start))
    books_.problem("a notice would return another message: " + printable(request.start));
  queue::Message made;
  made.envelope.id = request.id;
  made.envelope.received_at = request.now;
  made.envelope.recipients.push_back({*request.envelope.sender.address(), {}, {}, {}, {}});
  made.envelope.origin.protocol = "notice";
  std::string body = body_of(request.id);
  made.envelope.size = body.size();
  made.chunks.emplace_back(std::move(body));
  books_.composed(request, made.envelope);
  return made;
}

io::Task<> SmallServer::work(std::string destination) {
  co_await host().sleep(choices().between(Duration::zero(), Duration(milliseconds(200))));
  for (;;) {
    auto job = co_await queue_.next(
        {.destination = destination, .hosts = hosts_of(destination), .idle = seconds(2)});
    if (!job) co_return;
    books_.handed_out(*job);
    co_await attempt(std::move(*job));
  }
}

/// Between what the next hop did and what the queue hears, the process may die.
io::Task<> SmallServer::attempt(queue::Job job) {
  const HopMood mood = world_.mood_of(job.destination);
  co_await check_body(job);
  const Duration quick = choices().between(Duration::zero(), Duration(milliseconds(500)));
  const Duration slow = choices().between(Duration::zero(), Duration(minutes(10)));
  co_await host().sleep(mood == HopMood::silent ? slow : quick);
  std::vector<queue::Outcome> outcomes;
  for (const std::uint32_t recipient : job.recipients)
    outcomes.push_back(answer(job, recipient, mood));
  co_await host().sleep(quick);
  books_.reporting(job, outcomes);
  co_await queue_.report(std::move(job), std::move(outcomes));
}

io::Task<> SmallServer::check_body(const queue::Job& job) {
  std::string body;
  for (std::uint32_t i = 0; i < job.envelope->chunk_count; ++i) {
    const Result<Bytes> chunk = co_await queue_.chunk(job, i);
    if (!chunk && world_.in_trouble_) co_return;
    if (chunk) body += chunk->view();
  }
  if (body != body_of(job.envelope->id)) books_.problem("another body: " + printable(body));
}

queue::Outcome SmallServer::answer(const queue::Job& job, std::uint32_t recipient, HopMood mood) {
  queue::Outcome outcome{.recipient = recipient, .reply = {}, .remote = "mx"};
  // Recipients of one message may differ.
  if (mood == HopMood::later || mood == HopMood::never)
    if (choices().chance(0.3)) mood = HopMood::fine;
  switch (mood) {
    case HopMood::fine:
      books_.took(job, recipient);
      outcome.state = State::relayed;
      outcome.reply = "250 ok";
      break;
    case HopMood::later:
      outcome.reply = "450 later";
      break;
    case HopMood::never:
      books_.refused(job, recipient);
      outcome.state = State::failed;
      outcome.reply = "550 never";
      break;
    case HopMood::away:
    case HopMood::silent:
      outcome.reply = "connection refused";
      outcome.unreachable = true;
      break;
    case HopMood::cut_at_the_end:
      books_.took(job, recipient);
      outcome.reply = "the connection ended before the reply";
      break;
  }
  return outcome;
}

io::Task<> SmallServer::operate() {
  while (world_.in_trouble_) {
    co_await host().sleep(choices().between(Duration::zero(), Duration(minutes(20))));
    if (!world_.in_trouble_ || !choices().chance(world_.plan_.order)) continue;
    const bool to_messages = choices().chance(0.8);
    if (to_messages)
      co_await give_order();
    else
      co_await pause_or_resume();
  }
}

std::vector<queue::Target> SmallServer::choose_targets() {
  std::vector<queue::Target> targets;
  for (const QueueId id : books_.waiting()) {
    if (choices().chance(0.3)) continue;
    queue::Target& target = targets.emplace_back(id);
    if (choices().chance(0.3)) target.recipients.push_back(0);
  }
  return targets;
}

io::Task<> SmallServer::give_order() {
  Order order;
  constexpr std::array kKinds{OrderKind::retry,   OrderKind::retry,  OrderKind::hold,
                              OrderKind::release, OrderKind::remove, OrderKind::bounce,
                              OrderKind::reroute, OrderKind::reroute};
  order.kind = kKinds.at(choices().below(kKinds.size()));
  if (order.kind == OrderKind::reroute && choices().chance(0.7))
    order.route = choices().chance(0.5) ? "mx:elsewhere.example" : "mx:one.example";
  std::vector<queue::Target> targets = choose_targets();
  if (targets.size() > 2 && (order.kind == OrderKind::remove || order.kind == OrderKind::bounce))
    targets.resize(1);
  co_await carry_out(std::move(targets), std::move(order));
}

io::Task<> SmallServer::carry_out(std::vector<queue::Target> targets, Order order) {
  if (targets.empty()) co_return;
  const bool is_quiet = !world_.in_trouble_;
  books_.ordering(targets, order);
  const auto changed = co_await queue_.order(targets, order);
  books_.ordered(targets);
  if (!changed && is_quiet)
    books_.problem("an order failed in quiet times: " + changed.error().text());
}

io::Task<> SmallServer::pause_or_resume() {
  constexpr std::array kNames{"mx:one.example", "mx:two.example", "mx:a.shared.example"};
  const std::string name = kNames.at(choices().below(kNames.size()));
  if (books_.is_paused(name)) {
    books_.resuming(name);
    co_await queue_.resume(name);
    co_return;
  }
  const Result<> paused = co_await queue_.pause(name);
  if (paused) books_.paused(name);
}

io::Task<> SmallServer::complain() {
  const std::vector<queue::DestinationView> views = co_await queue_.destinations();
  for (const queue::DestinationView& view : views)
    books_.problem(view.name + ": " + std::to_string(view.waiting) + " waiting, " +
                   std::to_string(view.deferred) + " deferred, " + std::to_string(view.workers) +
                   " workers" + (view.held ? ", held" : ""));
}

io::Task<> SmallServer::release_all() {
  co_await host().sleep(minutes(2));  // A disk that was full is asked again only after a minute.
  const std::vector<queue::DestinationView> views = co_await queue_.destinations();
  for (const queue::DestinationView& view : views) {
    if (!view.held) continue;
    books_.resuming(view.name);
    const Result<> resumed = co_await queue_.resume(view.name);
    if (!resumed) books_.problem("resume failed in quiet times: " + resumed.error().text());
  }
  std::vector<queue::Target> all;
  for (const QueueId id : books_.waiting()) all.emplace_back(id);
  co_await carry_out(std::move(all), Order{.kind = OrderKind::release});
}

}  // namespace veredus::simulation
