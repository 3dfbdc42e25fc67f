// The wires between simulated hosts: byte pipes with latency, segments, bounds and faults.

#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "io/network.h"
#include "io/sim/faults.h"
#include "io/sim/random.h"

namespace veredus::sim {

class Host;
enum class Crash : std::uint8_t;
class Link;
class SimListener;
class Timeline;

/// What happens to one connection. "Client" is the side that connected.
struct Plan {
  enum class Open : std::uint8_t { normal, refuse, hang };
  Open open = Open::normal;
  /// Both ends see a reset once this many octets went that way.
  std::optional<std::uint64_t> cut_to_server = std::nullopt;
  std::optional<std::uint64_t> cut_to_client = std::nullopt;
  /// After this many octets nothing more arrives that way, and nobody is told.
  std::optional<std::uint64_t> stall_to_server = std::nullopt;
  std::optional<std::uint64_t> stall_to_client = std::nullopt;
  /// Added to the latency of each segment.
  Duration delay{0};
};

/// All connections of a world. Any host may listen on any address; an unspecified address takes
/// what no exact one does. Several listeners of one endpoint share its clients at random.
class Wires {
 public:
  Wires(Timeline& time, std::uint64_t seed, NetworkFaults faults);
  ~Wires();

  /// The next connection to `server` that has no plan yet gets this one instead of random faults.
  void plan(const io::Endpoint& server, Plan plan);
  /// From now on nothing passes between these addresses, in neither direction; TCP keeps trying.
  void partition(const IpAddress& a, const IpAddress& b);
  /// Ends a partition: what waited goes on.
  void heal(const IpAddress& a, const IpAddress& b);
  void set_faults(NetworkFaults faults) noexcept { faults_ = faults; }
  /// Connections that were opened.
  std::uint64_t connections() const noexcept { return connections_; }

 private:
  friend class Link;
  friend class SimListener;
  friend class SimNetwork;
  friend class Host;

  Plan next_plan(const io::Endpoint& server);
  SimListener* find_listener(const io::Endpoint& endpoint);
  bool is_cut(const io::Endpoint& a, const io::Endpoint& b) const;
  Duration latency(const Link& link);
  std::uint16_t ephemeral_port() noexcept;
  void add(const std::shared_ptr<Link>& link);
  /// Ends all connections and listeners of a host whose process has ended.
  void drop_host(const Host& host, Crash crash);

  Timeline& time_;
  SeededRandom random_;
  NetworkFaults faults_;
  std::map<io::Endpoint, std::vector<SimListener*>> listeners_;
  std::map<io::Endpoint, std::deque<Plan>> plans_;
  std::set<std::pair<IpAddress, IpAddress>> partitions_;
  std::vector<std::weak_ptr<Link>> links_;
  std::size_t links_prune_at_ = 64;
  std::uint64_t connections_ = 0;
  std::uint16_t next_port_ = 49152;
};

/// A host's view of the wires.
class SimNetwork final : public io::Network {
 public:
  SimNetwork(Host& host, Wires& wires) : host_(host), wires_(wires) {}

  Result<std::unique_ptr<io::Listener>> listen(const io::Endpoint& endpoint) override;
  io::Task<Result<std::unique_ptr<io::Stream>>> connect(io::Endpoint endpoint,
                                                        io::ConnectOptions options) override;

 private:
  Host& host_;
  Wires& wires_;
};

/// Says end of file to the peer and goes on reading. For actors: our own code never does this.
/// Precondition: the stream is a simulated one.
void half_close(io::Stream& stream);

}  // namespace veredus::sim
