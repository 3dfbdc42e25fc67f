// What the client's side of a connection costs for one message, whatever the sockets: on simulated
// time, with a next hop in memory.

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <benchmark/benchmark.h>

#include "base/counted_bench_support.h"
#include "base/log.h"
#include "io/sim/world.h"
#include "io/stream_test_support.h"
#include "mail/deliver/client.h"
#include "storage/memory/memory_storage.h"

namespace veredus::deliver {
namespace {

constexpr std::size_t kTextOctetsMin = 4096;

/// Answers each packet as a host with PIPELINING does that takes everything.
class CannedHop final : public io::DeafStream {
 public:
  CannedHop() : DeafStream("203.0.113.1:25") {}

  io::Task<Result<>> wait_readable(Duration /*deadline*/) override { co_return Result<>(); }
  io::Task<Result<std::size_t>> read_some(std::span<char> into, Duration /*deadline*/) override {
    const std::string_view packet = kPackets[next_];
    next_ = next_ + 1 < kPackets.size() ? next_ + 1 : kFirstOfMessage;
    std::ranges::copy(packet, into.begin());
    co_return packet.size();
  }

 private:
  static constexpr std::size_t kFirstOfMessage = 2;
  static constexpr std::array<std::string_view, 4> kPackets{
      "220 mx.destination.example ESMTP\r\n",
      "250-mx.destination.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 10240000\r\n",
      "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n",
      "250 2.0.0 Ok: queued as 4FXYZ12345\r\n"};

  std::size_t next_ = 0;
};

queue::Job usual_job(WallTime now) {
  const std::string line = std::string(78, 'x') + "\r\n";
  std::string text = "From: sender@example.org\r\nSubject: many\r\n\r\n";
  while (text.size() < kTextOctetsMin) text += line;
  queue::Envelope envelope;
  envelope.id = QueueId{1};
  envelope.sender = smtp::ReversePath(*smtp::Address::parse("sender@example.org"));
  envelope.recipients.push_back(
      {*smtp::Address::parse("recipient@destination.example"), {}, {}, {}, {}});
  envelope.size = text.size();
  envelope.chunk_count = 1;
  envelope.received_at = now;
  queue::Job job;
  job.recipients = {0};
  job.chunks.emplace_back(std::move(text));
  job.envelope = std::make_shared<const queue::Envelope>(std::move(envelope));
  return job;
}

class OneConnection {
 public:
  OneConnection() {
    log::set_level(log::Level::warning);
    config_.hostname = "mx.example.org";
  }

  /// False when one of so many was not taken.
  bool send(std::int64_t messages) {
    std::int64_t taken = 0;
    bool has_ended = false;
    world_.spawn("send", converse(messages, taken, has_ended));
    return world_.run_until([&] { return has_ended; }) && taken == messages;
  }

 private:
  io::Task<> converse(std::int64_t messages, std::int64_t& taken, bool& has_ended) {
    {
      Client client(std::make_unique<CannedHop>(), {.remote = "mx.destination.example"},
                    {config_, queue_, system_.workers});
      const auto opened = co_await client.open();
      for (std::int64_t i = 0; opened && i < messages; ++i) {
        Outcomes outcomes(job_, system_.clock);
        const auto sent = co_await client.send(job_, outcomes);
        if (sent && outcomes.take().front().state == queue::State::relayed) ++taken;
      }
    }
    has_ended = true;
  }

  DeliverConfig config_;
  sim::World world_{1};
  const io::System system_ = world_.system();
  storage::MemoryStorage storage_{system_.clock};
  queue::Queue queue_{queue::QueueConfig(), system_, storage_};
  const queue::Job job_ = usual_job(world_.time().wall());
};

void message_through_client(benchmark::State& state) {
  OneConnection connection;
  bool good = true;
  while (state.KeepRunningBatch(state.max_iterations)) good = connection.send(state.max_iterations);
  if (!good) return state.SkipWithError("a message was not taken");
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(message_through_client)->Apply(counted);

}  // namespace
}  // namespace veredus::deliver
