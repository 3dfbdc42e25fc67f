#include "io/signals.h"

#include <memory>
#include <string>
#include <utility>

#include <boost/asio/signal_set.hpp>

#include "io/asio.h"

namespace veredus::io {
namespace {

/// Kept alive by its own pending wait, which ends when the reactors are cleared.
struct Watch : std::enable_shared_from_this<Watch> {
  Watch(asio::io_context& context, std::move_only_function<void(int)> call)
      : set(context), handler(std::move(call)) {}

  void wait() {
    set.async_wait([self = shared_from_this()](const boost::system::error_code& error, int number) {
      if (error) return;
      self->wait();
      self->handler(number);
    });
  }

  asio::signal_set set;
  std::move_only_function<void(int)> handler;
};

}  // namespace

Result<> handle_signals(Reactors& reactors, const std::vector<int>& signals,
                        std::move_only_function<void(int)> handler) {
  auto watch = std::make_shared<Watch>(reactors.first_context(), std::move(handler));
  for (const int number : signals) {
    boost::system::error_code error;
    watch->set.add(number, error);
    if (error)
      return fail(Fault::unavailable,
                  "cannot handle signal " + std::to_string(number) + ": " + error.message());
  }
  watch->wait();
  return {};
}

}  // namespace veredus::io
