// The operating system's clocks.

#pragma once

#include "io/clock.h"

namespace veredus::io {

/// For reactors of io/reactors.h.
class RealClock final : public Clock {
 public:
  SteadyTime now() const override;
  WallTime wall() const override;
  Task<> sleep_for(Duration duration) override;
  std::unique_ptr<Signal> signal() override;
};

}  // namespace veredus::io
