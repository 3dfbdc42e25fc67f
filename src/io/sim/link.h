// One connection between two hosts: two pipes and what befalls them. Internal.

#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "io/sim/host.h"
#include "io/sim/network.h"

namespace veredus::sim {

/// The end of a connection; the client is who connected.
enum class Side : std::uint8_t { client, server };
constexpr Side other(Side side) noexcept {
  return side == Side::client ? Side::server : Side::client;
}

/// Held by its two streams and by segments on their way.
class Link : public std::enable_shared_from_this<Link> {
 public:
  struct End {
    Host* host;
    io::Endpoint endpoint;
  };

  Link(Wires& wires, Plan plan, const End& client, const End& server);

  const io::Endpoint& endpoint(Side side) const noexcept { return at(side).endpoint; }
  Host& host(Side side) const noexcept { return *at(side).host; }
  Duration delay() const noexcept { return delay_; }

  /// Sends as much as the pipe has room for and returns how much that was.
  std::size_t send(Side from, std::string_view octets);
  void send_end(Side from);
  /// Moves what has arrived into `into`; 0 at the end of file.
  std::size_t take(Side to, std::span<char> into);
  /// True when take() has something to say.
  bool is_readable(Side to) const noexcept;
  std::size_t room(Side from) const noexcept;
  /// A reset has arrived at this side.
  bool is_broken(Side side) const noexcept { return at(side).broken; }
  bool has_end(Side to) const noexcept { return pipe_to(to).end_arrived; }
  /// Throws away what has arrived.
  void discard(Side to);

  /// This side is gone. Its peer sees the end of file, or a reset when input was left unread or
  /// is still to come.
  void close(Side side);
  /// This side's process died.
  void drop(Side side, Crash crash);
  /// A partition between the ends is over.
  void resume();

  /// Where a side's reader and writer wait.
  Ticket& reader(Side side) noexcept { return at(side).reader; }
  Ticket& writer(Side side) noexcept { return at(side).writer; }

 private:
  enum class Kind : std::uint8_t { octets, end, reset };
  struct Segment {
    Kind kind;
    std::string octets;
  };
  struct Pipe {  // one direction
    std::deque<Segment> on_the_way;
    std::string arrived;
    std::size_t occupied = 0;  // octets on the way and arrived
    SteadyTime last_due{};     // segments do not overtake each other
    std::uint64_t sent = 0;
    std::optional<std::uint64_t> cut;
    std::optional<std::uint64_t> stall;
    bool end_sent = false;
    bool end_arrived = false;
    bool silent = false;  // nothing arrives any more
  };
  struct Party {
    Host* host;
    io::Endpoint endpoint;
    Ticket reader;
    Ticket writer;
    bool broken = false;
    bool closed = false;
  };

  Party& at(Side side) noexcept { return parties_[static_cast<std::size_t>(side)]; }
  const Party& at(Side side) const noexcept { return parties_[static_cast<std::size_t>(side)]; }
  Pipe& pipe_to(Side side) noexcept { return pipes_[static_cast<std::size_t>(side)]; }
  const Pipe& pipe_to(Side side) const noexcept { return pipes_[static_cast<std::size_t>(side)]; }

  void transmit(Side to, Segment segment, Duration latency);
  void send_pieces(Side to, std::string_view octets);
  void send_reset(Side to, Duration latency);
  void arrive(Side to);
  void receive(Side to, const Segment& segment);
  void wake(Side side);
  std::size_t piece_size(std::size_t octets);

  Wires& wires_;
  Duration delay_;
  std::array<Party, 2> parties_;
  std::array<Pipe, 2> pipes_;  // by the side it leads to
};

}  // namespace veredus::sim
