// Every destination there is something to say of, as they stood at one moment, by name.

#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "io/task.h"
#include "mail/manage/requests.h"
#include "mail/queue/destination_view.h"

namespace veredus::manage {

/// A copy of them all: a request takes it once, however many messages it tells of.
class Destinations {
 public:
  /// The moment, by both clocks.
  struct Moment {
    WallTime wall{};
    SteadyTime steady{};
  };

  Destinations(std::vector<queue::DestinationView> views, Moment moment);

  /// Null: it has neither mail that could go now nor workers, or no server runs.
  const queue::DestinationView* find(std::string_view name) const;
  /// In order of name.
  const std::vector<queue::DestinationView>& all() const noexcept { return views_; }
  const Moment& moment() const noexcept { return moment_; }
  /// `when` as wall time, if that is still to come.
  std::optional<WallTime> until(const std::optional<SteadyTime>& when) const;

 private:
  std::vector<queue::DestinationView> views_;
  Moment moment_;
};

/// As they stand now; none while no server runs.
io::Task<Destinations> destinations_of(const Surroundings& around);

}  // namespace veredus::manage
