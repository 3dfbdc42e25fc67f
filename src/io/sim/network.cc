#include "io/sim/network.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "io/sim/link.h"
#include "io/sim/timeline.h"
#include "io/sim/world.h"

namespace veredus::sim {
namespace {

constexpr std::chrono::seconds kLinger{2};
/// How often an unanswered connection request is sent again.
constexpr std::chrono::seconds kConnectAgain{1};

SteadyTime deadline_after(Host& host, Duration duration) {
  const SteadyTime now = host.world().time().now();
  return duration >= SteadyTime::max() - now ? SteadyTime::max() : now + duration;
}

std::unexpected<Error> passed(const io::Endpoint& peer) {
  return fail(Fault::cancelled, "deadline passed while waiting for " + peer.text());
}
std::unexpected<Error> closed() { return fail(Fault::cancelled, "the connection was closed"); }
std::unexpected<Error> gone(const io::Endpoint& peer) {
  return fail(Fault::unavailable, "connection reset by " + peer.text());
}

class SimStream final : public io::Stream {
 public:
  SimStream(std::shared_ptr<Link> link, Side side) : link_(std::move(link)), side_(side) {}
  ~SimStream() override { SimStream::close(); }

  io::Task<Result<>> wait_readable(Duration deadline) override {
    read_cancelled_ = false;
    const SteadyTime end = deadline_after(host(), deadline);
    while (!closed_ && !is_readable()) {
      waits_readable_ = true;
      const bool woken = co_await host().park(link_->reader(side_), end);
      waits_readable_ = false;
      if (read_cancelled_) co_return fail(Fault::cancelled, "the wait was cancelled");
      if (!woken && !is_readable()) co_return passed(peer());
    }
    if (closed_) co_return closed();
    co_return Result<>();
  }

  io::Task<Result<std::size_t>> read_some(std::span<char> into, Duration deadline) override {
    const SteadyTime end = deadline_after(host(), deadline);
    while (!closed_ && !is_readable()) {
      const bool woken = co_await host().park(link_->reader(side_), end);
      if (!woken && !is_readable()) co_return passed(peer());
    }
    if (closed_) co_return closed();
    if (!link_->is_readable(side_)) co_return gone(peer());
    co_return link_->take(side_, into);
  }

  io::Task<Result<>> write_all(std::vector<std::string_view> pieces, Duration deadline) override {
    for (std::string_view piece : pieces) {
      while (!piece.empty()) {
        if (closed_) co_return closed();
        if (link_->is_broken(side_)) co_return gone(peer());
        piece.remove_prefix(link_->send(side_, piece));
        if (piece.empty() || link_->room(side_) > 0) continue;
        const SteadyTime end = deadline_after(host(), deadline);
        const bool woken = co_await host().park(link_->writer(side_), end);
        if (!woken && link_->room(side_) == 0) co_return passed(peer());
      }
    }
    co_return Result<>();
  }

  void cancel_read() noexcept override {
    if (!waits_readable_) return;
    read_cancelled_ = true;
    host().wake(link_->reader(side_));
  }

  io::Task<> shutdown() override {
    if (closed_) co_return;
    link_->send_end(side_);
    const SteadyTime end = deadline_after(host(), kLinger);
    bool woken = true;
    while (woken && !closed_ && !link_->is_broken(side_) && !link_->has_end(side_)) {
      link_->discard(side_);
      woken = co_await host().park(link_->reader(side_), end);
    }
    link_->discard(side_);
    close();
  }

  void close() noexcept override {
    if (std::exchange(closed_, true)) return;
    link_->close(side_);
  }

  SteadyTime now() const override { return host().world().time().now(); }

  const io::Endpoint& peer() const noexcept override { return link_->endpoint(other(side_)); }
  const io::Endpoint& local() const noexcept override { return link_->endpoint(side_); }

  void half_close() { link_->send_end(side_); }

 private:
  Host& host() const noexcept { return link_->host(side_); }
  bool is_readable() const noexcept { return link_->is_readable(side_) || link_->is_broken(side_); }

  std::shared_ptr<Link> link_;
  Side side_;
  bool closed_ = false;
  bool waits_readable_ = false;
  bool read_cancelled_ = false;
};

}  // namespace

class SimListener final : public io::Listener {
 public:
  SimListener(Host& host, Wires& wires, io::Endpoint endpoint)
      : host_(host), wires_(wires), endpoint_(std::move(endpoint)) {
    wires_.listeners_[endpoint_].push_back(this);
  }
  ~SimListener() override { SimListener::close(); }
  SimListener(const SimListener&) = delete;
  SimListener& operator=(const SimListener&) = delete;

  io::Task<Result<std::unique_ptr<io::Stream>>> accept() override {
    while (!closed_ && backlog_.empty()) co_await host_.park(acceptor_, SteadyTime::max());
    if (closed_) co_return fail(Fault::cancelled, "no longer listening on " + endpoint_.text());
    auto stream = std::move(backlog_.front());
    backlog_.pop_front();
    co_return stream;
  }

  void close() noexcept override {
    if (std::exchange(closed_, true)) return;
    const auto entry = wires_.listeners_.find(endpoint_);
    if (entry != wires_.listeners_.end()) {
      std::erase(entry->second, this);
      if (entry->second.empty()) wires_.listeners_.erase(entry);
    }
    backlog_.clear();
    host_.wake(acceptor_);
  }

  const io::Endpoint& local() const noexcept override { return endpoint_; }

  Host& host() noexcept { return host_; }
  void add(std::unique_ptr<io::Stream> stream) {
    backlog_.push_back(std::move(stream));
    host_.wake(acceptor_);
  }

 private:
  Host& host_;
  Wires& wires_;
  io::Endpoint endpoint_;
  std::deque<std::unique_ptr<io::Stream>> backlog_;
  Ticket acceptor_;
  bool closed_ = false;
};

Wires::Wires(Timeline& time, std::uint64_t seed, NetworkFaults faults)
    : time_(time), random_(seed), faults_(faults) {}

Wires::~Wires() = default;

void Wires::plan(const io::Endpoint& server, Plan plan) { plans_[server].push_back(plan); }

void Wires::partition(const IpAddress& a, const IpAddress& b) {
  partitions_.insert(std::minmax(a, b));
}

void Wires::heal(const IpAddress& a, const IpAddress& b) {
  partitions_.erase(std::minmax(a, b));
  for (const auto& weak : links_) {
    if (const auto link = weak.lock()) link->resume();
  }
}

bool Wires::is_cut(const io::Endpoint& a, const io::Endpoint& b) const {
  if (a.is_unix() || partitions_.empty()) return false;
  return partitions_.contains(std::minmax(a.address(), b.address()));
}

/// The planned fate of the next connection, or a random one.
Plan Wires::next_plan(const io::Endpoint& server) {
  const bool refuse = random_.chance(faults_.refuse);
  const bool hang = random_.chance(faults_.hang);
  const bool cut = random_.chance(faults_.cut);
  const bool stall = random_.chance(faults_.stall);
  const bool to_server = random_.chance(0.5);
  const std::uint64_t octets = random_.below(faults_.octets_max);
  if (const auto planned = plans_.find(server); planned != plans_.end()) {
    Plan plan = planned->second.front();
    planned->second.pop_front();
    if (planned->second.empty()) plans_.erase(planned);
    return plan;
  }
  Plan plan;
  if (refuse) plan.open = Plan::Open::refuse;
  if (hang) plan.open = Plan::Open::hang;
  if (cut) (to_server ? plan.cut_to_server : plan.cut_to_client) = octets;
  if (stall) (to_server ? plan.stall_to_server : plan.stall_to_client) = octets;
  return plan;
}

SimListener* Wires::find_listener(const io::Endpoint& endpoint) {
  auto entry = listeners_.find(endpoint);
  if (entry == listeners_.end() && !endpoint.is_unix()) {
    const IpAddress any = endpoint.address().is_v4() ? IpAddress::v4({}) : IpAddress::v6({});
    entry = listeners_.find(io::Endpoint(any, endpoint.port()));
  }
  if (entry == listeners_.end()) return nullptr;
  return entry->second[random_.below(entry->second.size())];
}

Duration Wires::latency(const Link& link) {
  return link.delay() + random_.between(faults_.latency_min, faults_.latency_max);
}

std::uint16_t Wires::ephemeral_port() noexcept {
  constexpr std::uint16_t kFirst = 49152;
  if (next_port_ < kFirst) next_port_ = kFirst;  // It wrapped round to 0.
  return next_port_++;
}

void Wires::add(const std::shared_ptr<Link>& link) {
  ++connections_;
  time_.note("connect", connections_);
  if (links_.size() >= links_prune_at_) {
    std::erase_if(links_, [](const auto& weak) { return weak.expired(); });
    links_prune_at_ = 2 * links_.size() + 64;
  }
  links_.push_back(link);
}

void Wires::drop_host(const Host& host, Crash crash) {
  for (const auto& weak : links_) {
    const auto link = weak.lock();
    if (!link) continue;
    for (const Side side : {Side::client, Side::server}) {
      if (&link->host(side) == &host) link->drop(side, crash);
    }
  }
  std::erase_if(listeners_, [&](const auto& entry) {
    return std::ranges::any_of(entry.second,
                               [&](SimListener* listener) { return &listener->host() == &host; });
  });
}

Result<std::unique_ptr<io::Listener>> SimNetwork::listen(const io::Endpoint& endpoint) {
  if (endpoint.is_unix() || endpoint.port() != 0) {
    const auto taken = wires_.listeners_.find(endpoint);
    const bool other_process = taken != wires_.listeners_.end() &&
                               (endpoint.is_unix() || &taken->second.front()->host() != &host_);
    if (other_process) {
      return fail(Fault::unavailable,
                  "cannot listen on " + endpoint.text() +
                      ": address in use; stop the other server or choose another "
                      "endpoint");
    }
    return std::make_unique<SimListener>(host_, wires_, endpoint);
  }
  const io::Endpoint with_port(endpoint.address(), wires_.ephemeral_port());
  return std::make_unique<SimListener>(host_, wires_, with_port);
}

io::Task<Result<std::unique_ptr<io::Stream>>> SimNetwork::connect(io::Endpoint endpoint,
                                                                  io::ConnectOptions options) {
  const Plan plan = wires_.next_plan(endpoint);
  const SteadyTime end = deadline_after(host_, options.deadline);
  const io::Endpoint local =
      endpoint.is_unix()
          ? io::Endpoint::unix_socket(endpoint.path())
          : io::Endpoint(options.source.value_or(host_.address()), wires_.ephemeral_port());
  Timeline& time = host_.world().time();
  Duration answer = plan.delay + 2 * wires_.random_.between(wires_.faults_.latency_min,
                                                            wires_.faults_.latency_max);
  while (plan.open == Plan::Open::hang || wires_.is_cut(local, endpoint) ||
         time.now() + answer > end) {
    const SteadyTime again = time.now() + kConnectAgain;
    Ticket ticket;
    co_await host_.park(ticket, std::min(again, end));
    if (time.now() >= end) co_return passed(endpoint);
  }
  co_await host_.sleep(answer);
  SimListener* listener =
      plan.open == Plan::Open::refuse ? nullptr : wires_.find_listener(endpoint);
  if (listener == nullptr) {
    co_return fail(Fault::unavailable,
                   "cannot connect to " + endpoint.text() + ": connection refused");
  }
  auto link = std::make_shared<Link>(wires_, plan, Link::End{&host_, local},
                                     Link::End{&listener->host(), endpoint});
  wires_.add(link);
  listener->add(std::make_unique<SimStream>(link, Side::server));
  co_return std::make_unique<SimStream>(link, Side::client);
}

void half_close(io::Stream& stream) { dynamic_cast<SimStream&>(stream).half_close(); }

}  // namespace veredus::sim
