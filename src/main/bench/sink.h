// The sink: an SMTP server that takes everything, keeps nothing, and says how much it was.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "io/clock.h"
#include "io/connection.h"
#include "io/network.h"
#include "io/reactor.h"
#include "io/task.h"
#include "io/tls/server.h"
#include "main/bench/receiver.h"

namespace veredus::bench {

struct SinkOrder {
  io::Endpoint listen;
  Duration latency{0};      ///< What is asked is answered that much later: a round trip.
  double fail_share = 0;    ///< Of messages that get 451 after the final dot.
  double refuse_share = 0;  ///< Of recipients that get 550.
  std::uint64_t seed = 1;   ///< Of which ones.
  std::shared_ptr<const io::TlsServer> tls = nullptr;  ///< Null: not offered.
  std::uint64_t expect = 0;                            ///< Messages; 0: no number in particular.
};

/// Destroy it when the reactors run no more.
class Sink {
 public:
  /// What it works with; all outlive it. It listens on every reactor.
  struct Surroundings {
    std::span<io::Reactor* const> reactors;
    io::Network& network;
    io::Clock& clock;
  };
  struct Counts {
    std::uint64_t messages = 0;  ///< Taken, and their senders told so.
    std::uint64_t connections = 0;
    std::uint64_t open = 0;  ///< Of these, still.

    friend bool operator==(const Counts&, const Counts&) = default;
  };

  /// `expected` is called once, on a reactor, when as many messages have come as expected.
  Sink(SinkOrder order, const Surroundings& surroundings, std::function<void()> expected);

  /// Begins, until the reactors end. From any thread. Returns where, when port 0 was asked for.
  /// Errors: unavailable.
  Result<io::Endpoint> listen();

  /// From any thread.
  Counts counts() const noexcept;

 private:
  static io::Task<> take_clients(Sink& sink, io::Listener& listener, io::Reactor& reactor);
  static io::Task<> serve(Sink& sink, std::unique_ptr<io::Stream> stream);
  io::Task<> converse(io::Connection& connection, Receiver& receiver);
  io::Task<Result<>> begin_tls(io::Connection& connection, Receiver& receiver);
  void count(std::uint64_t messages);

  SinkOrder order_;
  Surroundings surroundings_;
  std::function<void()> expected_;
  Refusals failed_messages_;
  Refusals refused_recipients_;
  std::vector<std::unique_ptr<io::Listener>> listeners_;
  std::atomic<std::uint64_t> messages_{0};
  std::atomic<std::uint64_t> connections_{0};
  std::atomic<std::uint64_t> open_{0};
};

}  // namespace veredus::bench
