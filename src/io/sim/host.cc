#include "io/sim/host.h"

#include <array>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.h"
#include "io/sim/loop.h"
#include "io/sim/world.h"

namespace veredus::sim {
namespace {

namespace asio = boost::asio;

/// How many reactors a process sees. All are one thread here; two, so that code which finds the
/// other one has somebody to find.
constexpr std::size_t kReactors = 2;

std::string describe(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& known) {
    return known.what();
  } catch (...) {
    return "not a std::exception";
  }
}

SteadyTime saturating_add(SteadyTime start, Duration duration) noexcept {
  return duration >= SteadyTime::max() - start ? SteadyTime::max() : start + duration;
}

class SimSignal final : public io::Signal {
 public:
  explicit SimSignal(Host& host) : host_(host) {}

  io::Task<bool> wait_until(SteadyTime deadline) override {
    if (std::exchange(raised_, false)) co_return true;
    co_return co_await host_.park(ticket_, deadline);
  }

  io::Task<> wait() override {
    if (std::exchange(raised_, false)) co_return;
    co_await host_.park(ticket_, SteadyTime::max());
  }

  void raise() override {
    if (!host_.wake(ticket_)) raised_ = true;
  }

 private:
  Host& host_;
  Ticket ticket_;
  bool raised_ = false;
};

class SimClock final : public io::Clock {
 public:
  explicit SimClock(Host& host) : host_(host) {}
  SteadyTime now() const override { return host_.world().time().now(); }
  WallTime wall() const override { return host_.world().time().wall(); }
  io::Task<> sleep_for(Duration duration) override { return host_.sleep(duration); }
  std::unique_ptr<io::Signal> signal() override { return std::make_unique<SimSignal>(host_); }

 private:
  Host& host_;
};

class SimReactor final : public io::Reactor {
 public:
  explicit SimReactor(Host& host) : host_(host) {}
  void post(std::move_only_function<void()> work) override { host_.post(std::move(work)); }
  void spawn(std::string_view name, io::Task<> task) override {
    host_.spawn(name, std::move(task));
  }

 private:
  Host& host_;
};

class SimWorkers final : public io::Workers {
 public:
  SimWorkers(Host& host, std::uint64_t seed) : host_(host), random_(seed) {}

  io::Task<> run(std::move_only_function<void()> job) override {
    const Duration most = host_.world().faults().worker_delay_max;
    co_await host_.sleep(random_.between(Duration::zero(), most));
    job();
  }
  void start(std::move_only_function<void()> job) override {
    host_.spawn("worker", run(std::move(job)));
  }

 private:
  Host& host_;
  SeededRandom random_;
};

}  // namespace

/// What system() refers to.
struct Host::Parts {
  Parts(Host& host, World& world, std::uint64_t random_seed, std::uint64_t worker_seed)
      : clock(host),
        random(random_seed),
        network(host, world.wires()),
        resolver(host, world.dns()),
        workers(host, worker_seed),
        reactors{SimReactor(host), SimReactor(host)},
        pointers{&reactors[0], &reactors[1]} {}

  SimClock clock;
  SeededRandom random;
  SimNetwork network;
  SimResolver resolver;
  SimWorkers workers;
  std::array<SimReactor, kReactors> reactors;
  std::array<io::Reactor*, kReactors> pointers;
};

Host::Host(World& world, std::string name, IpAddress address)
    : world_(world),
      name_(std::move(name)),
      address_(address),
      files_(world.derive_seed(), world.faults().files) {
  const std::uint64_t random_seed = world.derive_seed();
  const std::uint64_t worker_seed = world.derive_seed();
  parts_ = std::make_unique<Parts>(*this, world, random_seed, worker_seed);
}

Host::~Host() = default;

io::System Host::system() noexcept {
  return io::System{parts_->clock,   parts_->random, parts_->network, parts_->resolver,
                    parts_->workers, files_,         parts_->pointers};
}

void Host::spawn(std::string_view name, io::Task<> task) {
  if (dying_) return;
  ++tasks_;
  // Posted, not started: the new task must not run inside the one that spawns it, so that
  // current_task_ always tells who waits.
  ready_.push_back(
      {world_.time().number(), [this, name, task = std::move(task)]() mutable {
         asio::co_spawn(world_.loop_->context, std::move(task),
                        [this, name](const std::exception_ptr& error) { task_ended(name, error); });
       }});
}

void Host::post(std::move_only_function<void()> work) {
  if (dying_) return;
  ready_.push_back({world_.time().number(), [this, work = std::move(work)]() mutable {
                      try {
                        work();
                      } catch (...) {
                        failures_.push_back("post: " + describe(std::current_exception()));
                      }
                    }});
}

void Host::task_ended(std::string_view name, const std::exception_ptr& error) {
  --tasks_;
  if (!error) return;
  failures_.push_back(std::string(name) + ": " + describe(error));
  log::error("task_failed", {{"task", name}, {"reason", describe(error)}});
}

io::Task<bool> Host::park(Ticket& ticket, SteadyTime deadline) {
  const std::uint64_t id = world_.time().number();
  ticket.id_ = id;
  auto initiate = [this, id, deadline](auto handler) {
    add_parked(id, deadline, std::move(handler));
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(bool)>(
      initiate, asio::use_awaitable);
}

void Host::add_parked(std::uint64_t id, SteadyTime deadline,
                      std::move_only_function<void(bool)> resume) {
  Parked parked{current_task_, std::move(resume), {}};
  if (deadline != SteadyTime::max()) {
    parked.timer = world_.time().at(deadline, [this, id] { wake(id, /*woken=*/false); });
  }
  parked_.emplace(id, std::move(parked));
}

bool Host::wake(Ticket& ticket) { return wake(ticket.id_, /*woken=*/true); }

bool Host::wake(std::uint64_t id, bool woken) {
  auto entry = parked_.extract(id);
  if (entry.empty()) return false;
  Parked& parked = entry.mapped();
  world_.time().cancel(parked.timer);
  ready_.push_back(
      {parked.task, [resume = std::move(parked.resume), woken]() mutable { resume(woken); }});
  return true;
}

io::Task<> Host::sleep(Duration duration) {
  Ticket ticket;
  co_await park(ticket, saturating_add(world_.time().now(), duration));
}

bool Host::run_one() {
  if (ready_.empty()) return false;
  Ready next = std::move(ready_.front());
  ready_.pop_front();
  current_task_ = next.task;
  world_.time().note("run", next.task);
  asio::post(world_.loop_->context, std::move(next.run));
  world_.loop_->drain();
  current_task_ = 0;
  if (const auto wanted = std::exchange(crash_wanted_, std::nullopt)) crash(*wanted);
  return true;
}

io::Task<> Host::die(Crash crash) {
  crash_wanted_ = crash;
  Ticket ticket;
  co_await park(ticket, SteadyTime::max());
}

void Host::crash(Crash crash) {
  world_.time().note("crash");
  dying_ = true;
  world_.wires_.drop_host(*this, crash);
  drop_tasks();
  while (!owned_.empty()) owned_.pop_back();
  if (crash == Crash::power) files_.lose_unsynced();
  dying_ = false;
  ++crashes_;
}

/// A dropped handler takes its coroutine's frames with it, but later, from the loop (Asio unwinds
/// a coroutine through its executor): so one at a time, each to its end.
void Host::drop_tasks() {
  std::multimap<std::uint64_t, std::move_only_function<void(bool)>, std::greater<>> dropped;
  for (auto& [id, parked] : std::exchange(parked_, {})) {
    world_.time().cancel(parked.timer);
    dropped.emplace(parked.task, std::move(parked.resume));
  }
  for (Ready& ready : std::exchange(ready_, {})) {
    dropped.emplace(ready.task, [run = std::move(ready.run)](bool) {});
  }
  while (!dropped.empty()) {
    dropped.erase(dropped.begin());
    world_.loop_->drain();
  }
  tasks_ = 0;
}

}  // namespace veredus::sim
