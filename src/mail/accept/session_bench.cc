// What a session costs for one message, whatever the sockets and the disk: on simulated time, with
// a client in memory. All messages stay in the queue.

#include <memory>
#include <string>

#include <benchmark/benchmark.h>

#include "base/counted_bench_support.h"
#include "base/log.h"
#include "io/sim/world.h"
#include "mail/accept/accept_bench_support.h"
#include "mail/accept/session.h"

namespace veredus::accept {
namespace {

class OneSession {
 public:
  OneSession() {
    log::set_level(log::Level::warning);
    queue_.connect({.destination_of = [](const queue::Recipient&) { return std::string("out"); },
                    .start_worker = [](const std::string&) {},
                    .compose_notice = {}});
  }
  ~OneSession() { world_.crash(); }
  OneSession(const OneSession&) = delete;
  OneSession& operator=(const OneSession&) = delete;

  /// From the greeting to QUIT, with so many messages; once. What went wrong, or nothing.
  std::string accept(std::int64_t messages) {
    support::Supply supply(messages);
    bool has_ended = false;
    world_.spawn("session", serve(supply, has_ended));
    if (!world_.run_until([&] { return has_ended; })) return "the session does not end";
    if (supply.fault().empty() && supply.accepted() != messages) return "some were not accepted";
    return supply.fault();
  }

 private:
  io::Task<> serve(support::Supply& supply, bool& has_ended) {
    const Result<> begun = co_await queue_.start();
    if (!begun) std::abort();
    {
      Session session(surroundings_, settings_,
                      {.id = SessionId{1},
                       .port = {},
                       .stream = std::make_unique<support::CannedClient>(script_, supply),
                       .reactor = *system_.reactors.front()});
      co_await session.run();
    }
    has_ended = true;
  }

  const support::Script script_{support::text_of_message()};
  const SharedSettings settings_ = support::settings();
  sim::World world_{1};
  const io::System system_ = world_.system();
  support::InstantStorage storage_;
  queue::Queue queue_{queue::QueueConfig(), system_, storage_};
  Surroundings surroundings_{system_, queue_};
};

void message_through_session(benchmark::State& state) {
  OneSession session;
  std::string fault;
  while (state.KeepRunningBatch(state.max_iterations)) fault = session.accept(state.max_iterations);
  if (!fault.empty()) return state.SkipWithError(fault.c_str());
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(message_through_session)->Iterations(10'000)->Apply(counted);

}  // namespace
}  // namespace veredus::accept
