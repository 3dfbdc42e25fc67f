#include "mail/manage/destinations.h"

#include <algorithm>
#include <utility>

namespace veredus::manage {

using queue::DestinationView;

Destinations::Destinations(std::vector<DestinationView> views, Moment moment)
    : views_(std::move(views)), moment_(moment) {
  std::ranges::sort(views_, {}, &DestinationView::name);
}

const DestinationView* Destinations::find(std::string_view name) const {
  const auto found = std::ranges::lower_bound(views_, name, {}, &DestinationView::name);
  return found == views_.end() || found->name != name ? nullptr : &*found;
}

std::optional<WallTime> Destinations::until(const std::optional<SteadyTime>& when) const {
  if (!when || *when <= moment_.steady) return std::nullopt;
  return moment_.wall + std::chrono::duration_cast<WallTime::duration>(*when - moment_.steady);
}

io::Task<Destinations> destinations_of(const Surroundings& around) {
  std::vector<DestinationView> views;
  if (around.queue != nullptr) views = co_await around.queue->destinations();
  co_return Destinations(std::move(views), {around.clock.wall(), around.clock.now()});
}

}  // namespace veredus::manage
