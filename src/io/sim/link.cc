#include "io/sim/link.h"

#include <algorithm>
#include <utility>

#include "io/sim/timeline.h"

namespace veredus::sim {
namespace {

constexpr std::size_t kPieceMax = 16 * 1024;
/// How long a peer's system may take to find out that a machine is gone.
constexpr std::chrono::seconds kPowerCutNoticed{60};

}  // namespace

Link::Link(Wires& wires, Plan plan, const End& client, const End& server)
    : wires_(wires),
      delay_(plan.delay),
      parties_{Party{client.host, client.endpoint, {}, {}},
               Party{server.host, server.endpoint, {}, {}}} {
  pipe_to(Side::server).cut = plan.cut_to_server;
  pipe_to(Side::server).stall = plan.stall_to_server;
  pipe_to(Side::client).cut = plan.cut_to_client;
  pipe_to(Side::client).stall = plan.stall_to_client;
}

std::size_t Link::room(Side from) const noexcept {
  const Pipe& pipe = pipe_to(other(from));
  return pipe.occupied >= wires_.faults_.buffer ? 0 : wires_.faults_.buffer - pipe.occupied;
}

std::size_t Link::send(Side from, std::string_view octets) {
  const Side to = other(from);
  Pipe& pipe = pipe_to(to);
  octets = octets.substr(0, room(from));
  const std::size_t taken = octets.size();
  if (pipe.cut && pipe.sent + taken >= *pipe.cut) {
    send_pieces(to, octets.substr(0, *pipe.cut - pipe.sent));
    pipe.cut.reset();
    send_reset(to, wires_.latency(*this));
    send_reset(from, wires_.latency(*this));
    pipe.silent = true;  // After the reset; what is on the way arrives.
    return taken;
  }
  if (pipe.stall && pipe.sent + taken > *pipe.stall) {
    const std::size_t passed = *pipe.stall - pipe.sent;
    send_pieces(to, octets.substr(0, passed));
    pipe.stall = pipe.sent;
    pipe.occupied += taken - passed;  // For ever: the writer will wait for room.
    return taken;
  }
  send_pieces(to, octets);
  return taken;
}

void Link::send_pieces(Side to, std::string_view octets) {
  pipe_to(to).sent += octets.size();
  while (!octets.empty()) {
    const std::size_t size = piece_size(octets.size());
    transmit(to, {Kind::octets, std::string(octets.substr(0, size))}, wires_.latency(*this));
    octets.remove_prefix(size);
  }
}

/// Often all there is, sometimes a few octets: lines are to be cut anywhere.
std::size_t Link::piece_size(std::size_t octets) {
  if (!wires_.faults_.segments) return octets;
  SeededRandom& random = wires_.random_;
  constexpr std::array<std::uint64_t, 4> kMost{8, 512, kPieceMax, kPieceMax};
  const std::size_t kind = random.below(kMost.size());
  const std::size_t most = kind == 3 ? kPieceMax : random.between(1, kMost[kind]);
  return std::min(octets, most);
}

void Link::send_end(Side from) {
  Pipe& pipe = pipe_to(other(from));
  if (std::exchange(pipe.end_sent, true)) return;
  transmit(other(from), {Kind::end, {}}, wires_.latency(*this));
}

void Link::send_reset(Side to, Duration latency) { transmit(to, {Kind::reset, {}}, latency); }

void Link::transmit(Side to, Segment segment, Duration latency) {
  Pipe& pipe = pipe_to(to);
  if (pipe.silent) return;
  const bool stalled = pipe.stall && pipe.sent >= *pipe.stall;
  if (stalled && segment.kind != Kind::octets) return;
  pipe.occupied += segment.octets.size();
  pipe.on_the_way.push_back(std::move(segment));
  pipe.last_due = std::max(pipe.last_due, wires_.time_.now() + latency);
  wires_.time_.at(pipe.last_due, [link = shared_from_this(), to] { link->arrive(to); });
}

void Link::arrive(Side to) {
  Pipe& pipe = pipe_to(to);
  if (pipe.on_the_way.empty()) return;
  if (wires_.is_cut(at(to).endpoint, at(other(to)).endpoint)) return;  // until resume()
  const Segment segment = std::move(pipe.on_the_way.front());
  pipe.on_the_way.pop_front();
  wires_.time_.note("segment", segment.octets.size());
  receive(to, segment);
}

void Link::receive(Side to, const Segment& segment) {
  Pipe& pipe = pipe_to(to);
  Party& party = at(to);
  if (segment.kind == Kind::reset) {
    party.broken = true;
    // Systems differ in whether what had arrived can still be read.
    if (wires_.random_.chance(0.5)) discard(to);
  } else if (party.closed) {
    pipe.occupied -= segment.octets.size();
    if (segment.kind == Kind::octets) send_reset(other(to), wires_.latency(*this));
  } else if (segment.kind == Kind::end) {
    pipe.end_arrived = true;
  } else {
    pipe.arrived += segment.octets;
  }
  wake(to);
}

void Link::wake(Side side) {
  Party& party = at(side);
  if (party.closed) return;
  party.host->wake(party.reader);
  party.host->wake(party.writer);
}

bool Link::is_readable(Side to) const noexcept {
  const Pipe& pipe = pipe_to(to);
  return !pipe.arrived.empty() || pipe.end_arrived;
}

std::size_t Link::take(Side to, std::span<char> into) {
  Pipe& pipe = pipe_to(to);
  std::size_t count = std::min(into.size(), pipe.arrived.size());
  if (count > 1 && wires_.faults_.segments && wires_.random_.chance(0.125)) {
    count = wires_.random_.between(1, count);
  }
  std::ranges::copy(std::string_view(pipe.arrived).substr(0, count), into.begin());
  pipe.arrived.erase(0, count);
  pipe.occupied -= count;
  if (count > 0) at(other(to)).host->wake(writer(other(to)));
  return count;
}

void Link::discard(Side to) {
  Pipe& pipe = pipe_to(to);
  pipe.occupied -= pipe.arrived.size();
  pipe.arrived.clear();
  at(other(to)).host->wake(writer(other(to)));
}

void Link::close(Side side) {
  Party& party = at(side);
  if (std::exchange(party.closed, true)) return;
  party.host->wake(party.reader);
  party.host->wake(party.writer);
  Pipe& incoming = pipe_to(side);
  if (incoming.arrived.empty()) {
    send_end(side);
  } else {
    send_reset(other(side), wires_.latency(*this));
  }
}

void Link::drop(Side side, Crash crash) {
  Party& party = at(side);
  if (std::exchange(party.closed, true)) return;
  const Duration unnoticed =
      crash == Crash::kill ? Duration::zero()
                           : wires_.random_.between(Duration::zero(), Duration(kPowerCutNoticed));
  send_reset(other(side), wires_.latency(*this) + unnoticed);
}

void Link::resume() {
  for (const Side to : {Side::client, Side::server}) {
    for (std::size_t i = 0; i < pipe_to(to).on_the_way.size(); ++i) {
      wires_.time_.after(wires_.latency(*this),
                         [link = shared_from_this(), to] { link->arrive(to); });
    }
  }
}

}  // namespace veredus::sim
