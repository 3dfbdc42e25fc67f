// A process of the small world: the queue, its workers, those who submit, and an operator.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/sim/world.h"
#include "io/task.h"
#include "mail/queue/queue.h"
#include "sim/queue/small_world.h"

namespace veredus::simulation {

/// Lives on the world's server and dies with it.
class SmallServer {
 public:
  explicit SmallServer(SmallWorld& world);

  io::Task<> start();
  /// Ends all that an operator holds up.
  io::Task<> release_all();
  /// Enters how each destination stands, for whoever asks why something waits.
  io::Task<> complain();

 private:
  io::Task<> submit_all();
  io::Task<> submit_one();
  io::Task<queue::Message> write_message();
  Result<queue::Message> compose(const queue::NoticeRequest& request);
  io::Task<> work(std::string destination);
  io::Task<> attempt(queue::Job job);
  io::Task<> check_body(const queue::Job& job);
  queue::Outcome answer(const queue::Job& job, std::uint32_t recipient, HopMood mood);
  io::Task<> operate();
  io::Task<> give_order();
  io::Task<> carry_out(std::vector<queue::Target> targets, queue::Order order);
  io::Task<> pause_or_resume();
  std::vector<queue::Target> choose_targets();

  sim::SeededRandom& choices() { return world_.world_.choices(); }
  sim::Host& host() { return world_.world_.server(); }

  SmallWorld& world_;
  Books& books_;
  queue::Queue queue_;
};

}  // namespace veredus::simulation
