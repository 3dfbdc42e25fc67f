#include "main/torture/torture.h"

#include <algorithm>
#include <csignal>
#include <iterator>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "io/process.h"
#include "io/signals.h"
#include "io/wait_for.h"

namespace veredus::torture {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Seconds = std::chrono::duration<double>;

constexpr double kLifeLeast = 0.5;  // seconds between two kills
constexpr double kLifeMost = 10;
constexpr double kKillAtStart = 0.2;      // of all kills come while it starts
constexpr double kStartMost = 0.3;        // seconds of such a start
constexpr std::uint64_t kCrashesMax = 5;  // Then it makes no sense to go on.
constexpr std::size_t kMissingShown = 50;
constexpr std::uint64_t kStuckCounted = 100'000;

constexpr milliseconds kLook{50};
constexpr milliseconds kStartLook{10};
constexpr milliseconds kObserve{200};
constexpr seconds kStartPatience{120};  // A large log is replayed.
constexpr seconds kStopPatience{60};
constexpr seconds kLoadEndPatience{90};
constexpr seconds kQuiet{2};            // Without a delivery: is the queue empty?
constexpr seconds kStallPatience{150};  // Several of the longest pauses between attempts.

constexpr unsigned kWorkers = 2;

IpAddress loopback() { return *IpAddress::parse("127.0.0.1"); }

std::vector<Collector::Mailbox> local_mailboxes(const Folder& folder) {
  std::vector<Collector::Mailbox> mailboxes;
  for (const std::string_view name : kLocalMailboxes)
    mailboxes.push_back({fmt::format("{}@{}", name, kLocalDomain), maildir(folder, name)});
  return mailboxes;
}

}  // namespace

Torture::Torture(Order order, const Folder& folder, Observe observe)
    : order_(order),
      folder_(folder),
      observe_(std::move(observe)),
      chance_(order.seed),
      interrupted_(interrupt_.get_future()) {
  report_.sessions = order_.sessions;
  report_.seed = order_.seed;
}

Torture::~Torture() {
  server_.reset();
  if (!production_) return;
  production_->stop();
  production_->clear();
}

template <class What>
auto Torture::ask_reactor(What what) {
  std::promise<std::invoke_result_t<What&>> promise;
  auto answer = promise.get_future();
  production_->system().reactors.front()->post([&] {
    if constexpr (std::is_void_v<std::invoke_result_t<What&>>) {
      what();
      promise.set_value();
    } else {
      promise.set_value(what());
    }
  });
  return answer.get();
}

double Torture::draw(double least, double most) {
  return std::uniform_real_distribution(least, most)(chance_);
}

bool Torture::is_interrupted() const {
  return interrupted_.wait_for(seconds(0)) == std::future_status::ready;
}

Result<Report> Torture::run() {
  const Result<> ready = set_up();
  if (!ready) return fail(ready.error());
  const Result<> loaded = load_and_kill();
  if (!loaded) report_.problems.push_back(loaded.error().text());
  end_load();
  if (loaded && !is_interrupted()) drain();
  if (report_.verified) {
    note_missing();
    stop_server();
  }
  report_.interrupted = is_interrupted();
  fill_report();
  return report_;
}

Result<> Torture::set_up() {
  io::raise_descriptor_limit();
  io::keep_files_private();
  auto production = io::Production::make({.reactors = 1, .workers = kWorkers, .dns = {}});
  if (!production) return fail(production.error());
  production_ = std::move(*production);
  begun_ = production_->system().clock.now();
  const Result<> handled =
      io::handle_signals(production_->reactors(), {SIGINT, SIGTERM, SIGHUP}, [this](int /*which*/) {
        if (!std::exchange(interrupt_set_, true)) interrupt_.set_value();
      });
  if (!handled) return handled;
  const io::System system = production_->system();
  books_ = std::make_unique<Books>(MailMaker(system.random.next()), folder_.evidence());
  collector_ = std::make_unique<Collector>(system, local_mailboxes(folder_), *books_);
  return listen();
}

Result<> Torture::listen() {
  const io::System system = production_->system();
  sink_ = std::make_unique<Sink>(
      system, chance_(),
      [this](const std::string& recipient, std::string_view message, const Arrival& arrival) {
        books_->book(books_->maker.judge(recipient, message), message, arrival);
      });
  const auto sink = ask_reactor([&] { return sink_->listen(io::Endpoint(loopback(), 0)); });
  if (!sink) return fail(sink.error());
  const auto free = io::wait_for(*system.reactors.front(), find_free_port(system, loopback()));
  if (!free) return fail(free.error());
  auto server = Server::make(system, folder_, {*free, *sink});
  if (!server) return fail(server.error());
  server_.emplace(std::move(*server));
  load_ = std::make_unique<Load>(system, LoadOrder{.server = *free, .sessions = order_.sessions},
                                 *books_);
  Result<> started = server_->start();
  if (started) started = await_server();
  return started;
}

/// Errors: the server does not come back.
Result<> Torture::load_and_kill() {
  begun_ = life_begun_ = production_->system().clock.now();
  const SteadyTime end = begun_ + duration_cast<Duration>(order_.duration);
  const double life_most = std::clamp(order_.duration.count() / 4, kLifeLeast, kLifeMost);
  collector_->start();
  load_->start();
  for (;;) {
    const SteadyTime now = production_->system().clock.now();
    if (now >= end) return {};
    const Seconds life(draw(kLifeLeast, life_most));
    const bool last = now + duration_cast<Duration>(life) >= end;
    const Pause paused = pause(last ? end - now : duration_cast<Duration>(life));
    if (paused == Pause::interrupted) return {};
    if (paused == Pause::server_ended) note_crash();
    note_flushes();
    if (last && paused == Pause::over) return {};
    const Result<> again = start_again();
    if (!again) return again;
  }
}

void Torture::kill_server() {
  if (!server_->runs()) return;  // It has ended by itself.
  const SteadyTime at = production_->system().clock.now();
  server_->kill();
  ++report_.kills;
  ask_reactor([this, at] {
    ++books_->kills;
    books_->server_killed(at);
  });
}

Result<> Torture::start_server() {
  const Result<> started = server_->start();
  const SteadyTime at = production_->system().clock.now();
  ask_reactor([this, at] { books_->server_restarted(at); });
  return started;
}

/// Kills it, and starts it until one start is allowed to succeed.
Result<> Torture::start_again() {
  if (report_.crashes >= kCrashesMax)
    return fail(Fault::unavailable, "the server ended by itself again and again");
  kill_server();
  Result<> started = start_server();
  while (started && draw(0, 1) < kKillAtStart) {
    const Pause paused = pause(duration_cast<Duration>(Seconds(draw(0, kStartMost))));
    if (paused == Pause::interrupted) return {};
    if (paused == Pause::server_ended) break;  // What waits for it to listen says why.
    kill_server();
    started = start_server();
  }
  if (started) started = await_server();
  life_begun_ = production_->system().clock.now();
  return started;
}

/// Until it takes connections, or somebody wants us to end. Errors: unavailable.
Result<> Torture::await_server() {
  const SteadyTime until = production_->system().clock.now() + kStartPatience;
  while (!server_->listens()) {
    const Pause paused = pause(kStartLook);
    if (paused == Pause::interrupted) return {};
    if (paused == Pause::server_ended)
      return fail(Fault::unavailable, "the server ended while it started:\n" + server_->log_tail());
    if (production_->system().clock.now() > until)
      return fail(Fault::unavailable,
                  fmt::format("{} s after its start the server takes no mail:\n{}",
                              kStartPatience.count(), server_->log_tail()));
  }
  return {};
}

/// Until the time is over, or the server is, or somebody wants us to end.
Torture::Pause Torture::pause(Duration duration) {
  const io::Clock& clock = production_->system().clock;
  const SteadyTime until = clock.now() + duration;
  for (SteadyTime now = clock.now(); now < until; now = clock.now()) {
    if (interrupted_.wait_for(std::min<Duration>(kLook, until - now)) == std::future_status::ready)
      return Pause::interrupted;
    if (server_ && !server_->runs()) return Pause::server_ended;
    if (clock.now() >= observed_ + kObserve) observe_now();
  }
  return Pause::over;
}

void Torture::observe_now() {
  const SteadyTime now = production_->system().clock.now();
  observed_ = now;
  observe_(ask_reactor([&] {
    return Progress{now - begun_, draining_, report_.kills, books_->ledger.counts(),
                    books_->ledger.outstanding()};
  }));
}

/// A server that is killed takes its counters with it.
void Torture::note_flushes() {
  if (!server_->runs()) return;
  const auto flushes = server_->flushes();
  if (!flushes) return;
  flushes_ += *flushes;
  flush_time_ += production_->system().clock.now() - life_begun_;
}

/// What it had not noted then it may deliver again, as after a kill.
void Torture::note_crash() {
  ++report_.crashes;
  const SteadyTime at = production_->system().clock.now();
  ask_reactor([this, at] { books_->server_killed(at); });
  report_.problems.push_back("the server ended by itself; the end of its log:\n" +
                             server_->log_tail());
}

void Torture::end_load() {
  const io::Clock& clock = production_->system().clock;
  report_.load_time = clock.now() - begun_;
  ask_reactor([this] { load_->stop(); });
  if (is_interrupted()) return server_->kill();
  const SteadyTime until = clock.now() + kLoadEndPatience;
  while (ask_reactor([this] { return load_->working(); }) > 0 && clock.now() < until)
    if (pause(kLook) != Pause::over) return;
}

/// All faults have ended: now everything must arrive.
void Torture::drain() {
  const io::Clock& clock = production_->system().clock;
  ask_reactor([this] { sink_->behave(); });
  draining_ = true;
  const SteadyTime begun = clock.now();
  SteadyTime last_arrival = begun;
  std::uint64_t arrivals = 0;
  for (;;) {
    const std::uint64_t so_far = ask_reactor([this] { return books_->arrivals; });
    if (std::exchange(arrivals, so_far) != so_far) last_arrival = clock.now();
    const Duration quiet = clock.now() - last_arrival;
    report_.verified = is_drained(quiet) || quiet > kStallPatience;
    if (report_.verified) break;
    const Pause paused = pause(kObserve);
    if (paused == Pause::server_ended) note_crash();
    if (paused != Pause::over) break;
  }
  if (report_.verified) report_.still_queued = server_->queued(kStuckCounted).value_or(1);
  report_.drain_time = clock.now() - begun;
}

/// `quiet`: for how long nothing has arrived. Asking costs something.
bool Torture::is_drained(Duration quiet) {
  const bool all = ask_reactor([this] { return books_->ledger.outstanding() == 0; });
  if (!all && quiet < kQuiet) return false;
  const auto queued = server_->queued(1);
  return queued && *queued == 0;
}

/// What is known of the mails that have not arrived, while there is somebody to ask.
void Torture::note_missing() {
  const auto missing = ask_reactor([this] { return books_->ledger.missing(kMissingShown); });
  for (const Missing& one : missing) {
    MissingCopy copy{.missing = one,
                     .recipient = books_->maker.recipients(one.copy.number).at(one.copy.recipient),
                     .acknowledged_after = one.acknowledgement.time - begun_,
                     .queued = std::nullopt};
    const auto queued = server_->has_queued(one.acknowledgement.id);
    if (queued) copy.queued = *queued;
    report_.missing_copies.push_back(std::move(copy));
  }
}

/// What it delivered last is looked at too.
void Torture::stop_server() {
  const Result<> stopped = server_->stop(kStopPatience);
  if (!stopped) report_.problems.push_back(stopped.error().text());
  ask_reactor([this] { collector_->look_again(); });
  while (!ask_reactor([this] { return collector_->found_nothing(); }))
    if (interrupted_.wait_for(kLook) == std::future_status::ready) return;
  const Result<> checked = server_->check_storage();
  if (!checked) report_.problems.push_back(checked.error().text());
}

void Torture::fill_report() {
  ask_reactor([this] {
    report_.counts = books_->ledger.counts();
    report_.missing = books_->ledger.outstanding();
    report_.refused = books_->refused;
    report_.cut = books_->cut;
    report_.median = books_->latency.percentile(0.5);
    report_.percentile_99 = books_->latency.percentile(0.99);
    report_.longest = books_->latency.longest();
    std::ranges::copy(books_->problems(), std::back_inserter(report_.problems));
    const auto missing = books_->ledger.missing(report_.missing);
    std::erase_if(report_.missing_copies, [&](const MissingCopy& noted) {  // It came at last.
      return std::ranges::find(missing, noted.missing.copy, &Missing::copy) == missing.end();
    });
  });
  if (flush_time_.count() > 0)
    report_.flushes_per_second = static_cast<double>(flushes_) / flush_time_.count();
}

}  // namespace veredus::torture
