// Asio's part of the world. Internal.

#pragma once

#include <boost/asio/io_context.hpp>

#include "io/sim/world.h"

namespace veredus::sim {

/// All coroutines of all hosts run here, and only while World runs one thing that is ready.
struct World::Loop {
  boost::asio::io_context context{1};

  /// Runs what was posted, and what that posts, to the end.
  void drain() {
    context.restart();
    context.poll();
  }
};

}  // namespace veredus::sim
