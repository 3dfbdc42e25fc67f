// The source: sends so many messages over so many sessions, and times them.

#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "io/clock.h"
#include "io/endpoint.h"
#include "io/network.h"
#include "io/reactor.h"
#include "io/task.h"
#include "main/bench/client.h"
#include "main/bench/mailing.h"
#include "main/send/latency.h"

namespace veredus::bench {

struct SourceOrder {
  io::Endpoint server;
  std::uint64_t messages = 1;
  std::uint64_t sessions = 1;
  bool reconnect = false;  ///< A connection for each message.
  /// Messages a second, each due at its time whatever became of those before; 0: each session
  /// sends one as soon as the last is answered.
  double rate = 0;
  Manner manner = {};
};

/// What came of the messages.
struct Tally {
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;  ///< By a reply to one of their commands.
  std::uint64_t failed = 0;   ///< Without a connection, or with it. Never tried counts too.
  std::uint64_t connections = 0;
  std::chrono::duration<double> took{0};
  /// Of the accepted: from MAIL, or from when they were due, to the last 250.
  send::Latency latency = {};
  std::vector<std::string> reasons = {};  ///< The first few of what went wrong, each once.
};

/// Destroy it when the reactors run no more.
class Source {
 public:
  /// What it works with; all outlive it. Sessions are spread over the reactors.
  struct Surroundings {
    std::span<io::Reactor* const> reactors;
    io::Network& network;
    io::Clock& clock;
  };

  /// `mailing` outlives it. `finished` is called once, on a reactor.
  Source(SourceOrder order, const Mailing& mailing, const Surroundings& surroundings,
         std::function<void()> finished);

  /// Begins. From any thread.
  void start();
  /// After `finished`.
  Tally tally() const;

 private:
  /// What happens on one reactor.
  struct Part {
    explicit Part(io::Reactor& its) : reactor(its) {}
    io::Reactor& reactor;
    Tally tally;
    SteadyTime last{};  ///< When its last message was answered.
  };
  struct Session {
    explicit Session(Part& its) : part(its) {}
    Part& part;
    std::unique_ptr<Client> client;
  };

  static io::Task<> prepare(Source& source, Session& session);
  static io::Task<> work(Source& source, Session& session);
  void begin();
  std::optional<std::uint64_t> take() noexcept;
  io::Task<> send(Session& session, std::uint64_t number);
  io::Task<Result<>> open(Session& session);
  io::Task<Result<>> open_and_send(Session& session, std::uint64_t number, SteadyTime& from);
  void note(Part& part, const Result<>& done, SteadyTime from);
  void note_opened(Part& part, const Result<>& opened);
  SteadyTime due(std::uint64_t number) const;

  SourceOrder order_;
  const Mailing& mailing_;
  Surroundings surroundings_;
  std::function<void()> finished_;
  std::deque<Part> parts_;
  std::deque<Session> sessions_;
  SteadyTime began_{};
  std::atomic<std::uint64_t> next_{0};  // the number of the message that is sent next
  std::atomic<std::uint64_t> preparing_{0};
  std::atomic<std::uint64_t> working_{0};
  std::atomic<std::uint64_t> failed_to_open_{0};  // connections, since the last that did not
};

}  // namespace veredus::bench
