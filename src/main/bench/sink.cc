#include "main/bench/sink.h"

#include <chrono>
#include <string>
#include <utility>

#include "main/bench/waiting.h"

namespace veredus::bench {
namespace {

/// Long enough for idle sessions that are measured.
constexpr std::chrono::hours kDeadline{1};
constexpr std::chrono::seconds kTlsDeadline{30};

}  // namespace

Sink::Sink(SinkOrder order, const Surroundings& surroundings, std::function<void()> expected)
    : order_(std::move(order)),
      surroundings_(surroundings),
      expected_(std::move(expected)),
      failed_messages_(order_.fail_share, order_.seed),
      refused_recipients_(order_.refuse_share, order_.seed + 1) {}

Result<io::Endpoint> Sink::listen() {
  io::Endpoint at = order_.listen;
  for (io::Reactor* reactor : surroundings_.reactors) {
    auto listener = surroundings_.network.listen(at);
    if (!listener) return fail(listener.error());
    at = (*listener)->local();
    listeners_.push_back(std::move(*listener));
    reactor->spawn("sink", take_clients(*this, *listeners_.back(), *reactor));
  }
  return at;
}

io::Task<> Sink::take_clients(Sink& sink, io::Listener& listener, io::Reactor& reactor) {
  for (;;) {
    auto client = co_await listener.accept();
    if (!client) co_return;
    reactor.spawn("sink", serve(sink, std::move(*client)));
  }
}

io::Task<> Sink::serve(Sink& sink, std::unique_ptr<io::Stream> stream) {
  ++sink.connections_;
  ++sink.open_;
  io::Connection connection(std::move(stream));
  Receiver receiver({.offers_tls = sink.order_.tls != nullptr,
                     .messages = sink.failed_messages_,
                     .recipients = sink.refused_recipients_});
  co_await sink.converse(connection, receiver);
  // A client under TLS has to hear of the end; any other has 221.
  if (receiver.tls_on()) co_await connection.shutdown();
  connection.close();
  --sink.open_;
}

/// Until the client leaves, or sends a line without end.
io::Task<> Sink::converse(io::Connection& connection, Receiver& receiver) {
  connection.put(Receiver::greeting());
  std::string replies;
  while (!receiver.is_over() && connection.input().size() < io::Connection::kInputBytes) {
    const Result<> come = co_await await_input(connection, kDeadline);
    if (!come) co_return;
    const std::uint64_t before = receiver.taken();
    replies.clear();
    connection.consume(receiver.feed(connection.input(), replies));
    if (replies.empty()) continue;
    if (order_.latency > Duration::zero()) co_await surroundings_.clock.sleep_for(order_.latency);
    const Result<> sent = co_await connection.write({replies}, kDeadline);
    if (!sent) co_return;
    count(receiver.taken() - before);
    if (!receiver.wants_tls()) continue;
    const Result<> begun = co_await begin_tls(connection, receiver);
    if (!begun) co_return;
  }
}

io::Task<Result<>> Sink::begin_tls(io::Connection& connection, Receiver& receiver) {
  const auto stream = connection.stream_to_cover();
  if (!stream) co_return fail(stream.error());
  const auto covered = co_await order_.tls->accept(**stream, kTlsDeadline);
  if (!covered) co_return fail(covered.error());
  receiver.tls_started();
  co_return Result<>();
}

void Sink::count(std::uint64_t messages) {
  if (messages == 0) return;
  const std::uint64_t before = messages_.fetch_add(messages);
  if (before < order_.expect && before + messages >= order_.expect) expected_();
}

Sink::Counts Sink::counts() const noexcept { return {messages_, connections_, open_}; }

}  // namespace veredus::bench
