// A run of `veredus send`: messages over connections side by side, counted and timed.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "io/clock.h"
#include "io/endpoint.h"
#include "io/network.h"
#include "io/reactor.h"
#include "io/task.h"
#include "main/send/sender.h"

namespace veredus::send {

struct Order {
  io::Endpoint server;
  Envelope envelope;
  Sender::Options options;
  std::uint64_t repeat = 1;    ///< Messages in all.
  std::uint32_t parallel = 1;  ///< Connections.
  /// The `number`th message, from 0.
  std::function<std::string(std::uint64_t number)> message;
};

/// What came of it so far.
struct Tally {
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;  ///< By the server, as a whole.
  std::uint64_t broken = 0;   ///< Connection failed before the server had decided.
  std::vector<std::chrono::microseconds> times;  ///< Of the accepted, from MAIL to 250.
  std::vector<std::string> refusals;             ///< The first few reasons, each once.
  std::string last_reply;                        ///< To a message that was accepted.

  std::uint64_t done() const noexcept { return accepted + refused + broken; }
};

/// Runs on one reactor, which must be gone before it is destroyed.
class Run {
 public:
  /// What it works with; all outlive it.
  struct Surroundings {
    io::Reactor& reactor;
    io::Network& network;
    io::Clock& clock;
  };

  /// On the reactor, `progress` is called after each message, and `finished` once, at the end.
  Run(Order order, const Surroundings& surroundings, std::function<void()> progress,
      std::function<void()> finished);

  /// Begins. From any thread.
  void start();

  /// On the reactor, or after `finished`.
  const Tally& tally() const noexcept { return tally_; }
  const Order& order() const noexcept { return order_; }

 private:
  static io::Task<> work(Run& run);
  io::Task<Result<>> work_on_one_connection();
  void count(const Result<std::string>& outcome, const Sender& sender);
  void note_refusal(const std::string& reason);

  Order order_;
  Surroundings surroundings_;
  std::function<void()> progress_;
  std::function<void()> finished_;
  Tally tally_;
  std::uint64_t next_ = 0;  // the number of the message that is sent next
  std::uint32_t working_ = 0;
};

}  // namespace veredus::send
