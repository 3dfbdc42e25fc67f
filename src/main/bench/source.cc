#include "main/bench/source.h"

#include <algorithm>
#include <utility>

namespace veredus::bench {
namespace {

constexpr std::size_t kReasonsMax = 5;
/// So many connections in a row that could not be opened: nobody is there, or nobody who wants us.
constexpr std::uint64_t kFailedToOpenMax = 100;

void add_reason(std::vector<std::string>& reasons, const std::string& reason) {
  if (reasons.size() < kReasonsMax && std::ranges::find(reasons, reason) == reasons.end())
    reasons.push_back(reason);
}

}  // namespace

Source::Source(SourceOrder order, const Mailing& mailing, const Surroundings& surroundings,
               std::function<void()> finished)
    : order_(std::move(order)),
      mailing_(mailing),
      surroundings_(surroundings),
      finished_(std::move(finished)) {
  for (io::Reactor* reactor : surroundings_.reactors) parts_.emplace_back(*reactor);
  const std::uint64_t sessions = std::min(order_.sessions, order_.messages);
  for (std::uint64_t i = 0; i < sessions; ++i) sessions_.emplace_back(parts_[i % parts_.size()]);
}

/// Sessions that are kept are all open before the first message, so that no message pays for the
/// connections of others.
void Source::start() {
  working_ = preparing_ = sessions_.size();
  if (order_.reconnect) return begin();
  for (Session& session : sessions_) session.part.reactor.spawn("source", prepare(*this, session));
}

io::Task<> Source::prepare(Source& source, Session& session) {
  const Result<> opened = co_await source.open(session);
  static_cast<void>(opened);  // It is tried again when there is a message to be sent.
  if (--source.preparing_ == 0) source.begin();
}

void Source::begin() {
  began_ = surroundings_.clock.now();
  for (Session& session : sessions_) session.part.reactor.spawn("source", work(*this, session));
}

io::Task<> Source::work(Source& source, Session& session) {
  for (auto number = source.take(); number; number = source.take())
    co_await source.send(session, *number);
  if (session.client) co_await session.client->quit();
  session.client.reset();
  if (--source.working_ == 0) source.finished_();
}

/// The number of a message that nobody else sends.
std::optional<std::uint64_t> Source::take() noexcept {
  if (failed_to_open_ >= kFailedToOpenMax) return std::nullopt;
  const std::uint64_t number = next_.fetch_add(1, std::memory_order_relaxed);
  return number < order_.messages ? std::optional(number) : std::nullopt;
}

SteadyTime Source::due(std::uint64_t number) const {
  const std::chrono::duration<double> after(static_cast<double>(number) / order_.rate);
  return began_ + std::chrono::duration_cast<Duration>(after);
}

io::Task<> Source::send(Session& session, std::uint64_t number) {
  SteadyTime from{};
  if (order_.rate > 0) {
    from = due(number);
    const Duration early = from - surroundings_.clock.now();
    if (early > Duration::zero()) co_await surroundings_.clock.sleep_for(early);
  }
  const Result<> done = co_await open_and_send(session, number, from);
  note(session.part, done, from);
  if (!session.client) co_return;
  if (order_.reconnect && session.client->is_usable()) co_await session.client->quit();
  if (order_.reconnect || !session.client->is_usable()) session.client.reset();
}

/// `from` becomes the time of MAIL where nothing was due. Errors: as Client::send().
io::Task<Result<>> Source::open_and_send(Session& session, std::uint64_t number, SteadyTime& from) {
  if (!session.client) {
    const Result<> opened = co_await open(session);
    if (!opened) co_return opened;
  }
  if (order_.rate <= 0) from = surroundings_.clock.now();
  co_return co_await session.client->send(number);
}

/// Errors: unavailable.
io::Task<Result<>> Source::open(Session& session) {
  io::ConnectOptions options;
  options.deadline = order_.manner.deadline;
  auto stream = co_await surroundings_.network.connect(order_.server, options);
  Result<> opened;
  if (stream) {
    session.client = std::make_unique<Client>(std::move(*stream), order_.manner, mailing_);
    opened = co_await session.client->open();
  } else {
    opened = fail(stream.error());
  }
  note_opened(session.part, opened);
  if (opened) co_return opened;
  session.client.reset();
  co_return fail(Fault::unavailable, opened.error().text());
}

void Source::note_opened(Part& part, const Result<>& opened) {
  if (opened) {
    ++part.tally.connections;
    failed_to_open_ = 0;
    return;
  }
  ++failed_to_open_;
  add_reason(part.tally.reasons, opened.error().text());
}

void Source::note(Part& part, const Result<>& done, SteadyTime from) {
  part.last = surroundings_.clock.now();
  if (done) {
    ++part.tally.accepted;
    part.tally.latency.add(std::chrono::duration_cast<std::chrono::microseconds>(part.last - from));
    return;
  }
  if (done.error().fault() == Fault::refused) ++part.tally.refused;
  add_reason(part.tally.reasons, done.error().text());
}

Tally Source::tally() const {
  Tally all;
  for (const Part& part : parts_) {
    all.accepted += part.tally.accepted;
    all.refused += part.tally.refused;
    all.connections += part.tally.connections;
    all.latency.add(part.tally.latency);
    all.took = std::max<std::chrono::duration<double>>(all.took, part.last - began_);
    for (const std::string& reason : part.tally.reasons) add_reason(all.reasons, reason);
  }
  all.failed = order_.messages - all.accepted - all.refused;
  return all;
}

}  // namespace veredus::bench
