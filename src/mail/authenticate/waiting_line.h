// So many expensive computations at once and no more: the others stand in line, or are sent away.

#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>

#include "base/ip.h"
#include "base/result.h"
#include "io/clock.h"
#include "io/task.h"

namespace veredus::authenticate {

/// First come, first served. Use it on one reactor.
class WaitingLine {
 public:
  struct Limits {
    std::uint32_t at_once = 1;
    std::uint32_t waiting_max = 1;
    std::uint32_t per_client_max = 1;  ///< At once and waiting together.
  };

 private:
  struct State;

 public:
  /// One of those at once; its end lets the next one in. May outlive the line.
  class Place {
   public:
    Place(std::shared_ptr<State> state, const IpAddress& client);
    ~Place();
    Place(Place&& other) noexcept = default;
    Place& operator=(Place&&) = delete;

   private:
    std::shared_ptr<State> state_;
    IpAddress client_;
  };

  explicit WaitingLine(io::Clock& clock) : clock_(clock) {}

  /// `client` as network_of() gives it. Errors: overloaded (no room in line, or not for that
  /// client).
  io::Task<Result<Place>> enter(IpAddress client, Limits limits);

 private:
  struct Waiter {
    std::unique_ptr<io::Signal> admitted;
  };
  struct State {
    std::uint32_t running = 0;
    std::deque<std::shared_ptr<Waiter>> waiting;
    std::map<IpAddress, std::uint32_t> per_client;
  };

  io::Clock& clock_;
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace veredus::authenticate
