#include "main/service/watchdog.h"

#include <atomic>
#include <cstddef>
#include <memory>

#include "base/log.h"

namespace veredus {

io::Task<> keep_watch(io::System system, Duration period, std::function<void()> alive) {
  for (;;) {
    const auto answers = std::make_shared<std::atomic<std::size_t>>(0);
    for (io::Reactor* reactor : system.reactors) reactor->post([answers] { ++*answers; });
    co_await system.clock.sleep_for(period);
    const std::size_t missing = system.reactors.size() - *answers;
    if (missing == 0)
      alive();
    else
      log::warning("reactor_hangs", {{"reactors", missing}});
  }
}

}  // namespace veredus
