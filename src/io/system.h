// All contact with the outside in one value: production and simulation differ only in what is here.

#pragma once

#include <span>

#include "io/clock.h"
#include "io/files.h"
#include "io/network.h"
#include "io/random.h"
#include "io/reactor.h"
#include "io/resolver.h"
#include "io/workers.h"

namespace veredus::io {

/// References only: whoever makes one keeps the parts alive.
struct System {
  Clock& clock;
  Random& random;
  Network& network;
  Resolver& resolver;
  Workers& workers;
  Files& files;
  std::span<Reactor* const> reactors;  ///< At least one. The first owns the queue's schedule.
};

}  // namespace veredus::io
