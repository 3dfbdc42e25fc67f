// What goes wrong by itself in a simulated world, and how often. The defaults: nothing.

#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace veredus::sim {

/// Probabilities are for each connection.
struct NetworkFaults {
  double refuse = 0;                  ///< Connecting fails at once.
  double hang = 0;                    ///< Connecting never ends.
  double cut = 0;                     ///< Reset after some octets, either way.
  double stall = 0;                   ///< Silence after some octets, either way.
  std::uint64_t octets_max = 20'000;  ///< Cuts and stalls come before this many.
  Duration latency_min = std::chrono::microseconds(100);  ///< Of each segment.
  Duration latency_max = std::chrono::milliseconds(5);
  bool segments = true;            ///< Writes arrive in pieces of random size.
  std::size_t buffer = 64 * 1024;  ///< Octets a direction holds before its writer waits.
};

/// Probabilities are for each look-up.
struct DnsFaults {
  double servfail = 0;
  double timeout = 0;   ///< Fails after 10 s, as when no name server answers.
  double nxdomain = 0;  ///< A lie: the name is said not to exist.
  Duration latency_max = std::chrono::milliseconds(50);
};

/// Probabilities are for each call.
struct FileFaults {
  double failure = 0;
  std::uint64_t octets_max = UINT64_MAX;  ///< Size of the disk.
};

struct Faults {
  NetworkFaults network;
  DnsFaults dns;
  FileFaults files;
  Duration worker_delay_max = std::chrono::milliseconds(2);  ///< A job begins this much later.
};

}  // namespace veredus::sim
