#include "io/real_clock.h"

#include <optional>
#include <utility>

#include "io/asio.h"

namespace veredus::io {
namespace {

class RealSignal final : public Signal {
 public:
  Task<bool> wait_until(SteadyTime deadline) override {
    if (std::exchange(raised_, false)) co_return true;
    if (!timer_) {
      auto executor = co_await asio::this_coro::executor;
      timer_.emplace(executor);
    }
    timer_->expires_at(deadline);
    auto waited = co_await timer_->async_wait(kUseTuple);
    static_cast<void>(waited);  // raised_ tells which it was, also when both came at once.
    co_return std::exchange(raised_, false);
  }

  Task<> wait() override {
    bool raised = false;
    while (!raised) raised = co_await wait_until(SteadyTime::max());
  }

  void raise() override {
    raised_ = true;
    if (timer_) timer_->cancel();
  }

 private:
  std::optional<asio::steady_timer> timer_;  // Made on the reactor that waits.
  bool raised_ = false;
};

}  // namespace

SteadyTime RealClock::now() const { return std::chrono::steady_clock::now(); }

WallTime RealClock::wall() const { return std::chrono::system_clock::now(); }

Task<> RealClock::sleep_for(Duration duration) {
  auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, saturating_add(now(), duration));
  auto waited = co_await timer.async_wait(kUseTuple);
  static_cast<void>(waited);
}

std::unique_ptr<Signal> RealClock::signal() { return std::make_unique<RealSignal>(); }

}  // namespace veredus::io
