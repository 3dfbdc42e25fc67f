// What the hot path costs: a command and its reply over loopback, and work sent to another thread.

#include <future>
#include <latch>
#include <memory>

#include <benchmark/benchmark.h>

#include "io/connection.h"
#include "io/reactors.h"
#include "io/tcp.h"

namespace veredus::io {
namespace {

constexpr Duration kDeadline = std::chrono::seconds(300);
constexpr std::string_view kLine =
    "62 octets, and with the end of line it makes a packet of 64...\r\n";
static_assert(kLine.size() == 64);

Task<> echo(std::unique_ptr<Listener> listener) {
  auto stream = co_await listener->accept();
  if (!stream) co_return;
  Connection connection(std::move(*stream));
  for (;;) {
    auto line = co_await connection.read_line(1000, kDeadline);
    if (!line) co_return;
    connection.put(*line);
    connection.put("\r\n");
  }
}

Task<> ping(Network& network, Endpoint server, int count, std::promise<bool>& done) {
  auto stream = co_await network.connect(std::move(server), {});
  if (!stream) {
    done.set_value(false);
    co_return;
  }
  Connection connection(std::move(*stream));
  for (int i = 0; i < count; ++i) {
    connection.put(kLine);
    auto line = co_await connection.read_line(1000, kDeadline);
    if (!line) {
      done.set_value(false);
      co_return;
    }
  }
  done.set_value(true);
}

/// Round trips of 64 octets between two reactors, or within one.
void ping_pong(benchmark::State& state) {
  constexpr int kRoundTrips = 10'000;
  for (auto _ : state) {
    Reactors reactors;
    SocketNetwork network;
    reactors.start(static_cast<unsigned>(state.range(0)));
    auto listener = network.listen(*Endpoint::parse("127.0.0.1:0"));
    if (!listener) return state.SkipWithError(listener.error().text().c_str());
    const Endpoint server = (*listener)->local();
    std::promise<bool> done;
    reactors.all().front()->spawn("echo", echo(std::move(*listener)));
    reactors.all().back()->spawn("ping", ping(network, server, kRoundTrips, done));
    if (!done.get_future().get()) return state.SkipWithError("the connection broke");
    reactors.stop();
  }
  state.SetItemsProcessed(state.iterations() * kRoundTrips);
}
BENCHMARK(ping_pong)
    ->ArgName("reactors")
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

/// A ball thrown from reactor to reactor.
void throw_ball(Reactor& here, Reactor& there, int left, std::latch& done) {
  if (left == 0) return done.count_down();
  there.post([&here, &there, left, &done] { throw_ball(there, here, left - 1, done); });
}

void cross_post(benchmark::State& state) {
  constexpr int kPosts = 20'000;
  Reactors reactors;
  reactors.start(2);
  for (auto _ : state) {
    std::latch done(1);
    throw_ball(*reactors.all()[0], *reactors.all()[1], kPosts, done);
    done.wait();
  }
  state.SetItemsProcessed(state.iterations() * kPosts);
}
BENCHMARK(cross_post)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace veredus::io
