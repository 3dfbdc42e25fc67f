// The next hop of a torture run: an SMTP server that takes everything, sometimes badly.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "io/network.h"
#include "io/system.h"
#include "main/torture/ledger.h"
#include "main/torture/mischief.h"

namespace veredus::torture {

/// On the first reactor alone. Destroy it when the reactors run no more.
class Sink {
 public:
  /// A message was taken for this recipient; called before the sender hears of it.
  using Taken = std::function<void(const std::string& recipient, std::string_view message,
                                   const Arrival& arrival)>;

  Sink(const io::System& system, std::uint64_t seed, Taken taken)
      : system_(system), mischief_(seed), taken_(std::move(taken)) {}

  /// Listens, until the reactors end. Call it on the reactor. Returns where; `at` may have port 0.
  /// Errors: unavailable.
  Result<io::Endpoint> listen(const io::Endpoint& at);
  /// From now on it does everything right.
  void behave() noexcept { mischief_.end(); }

 private:
  class Session;

  static io::Task<> take_clients(Sink& sink);
  static io::Task<> serve(Sink& sink, std::unique_ptr<io::Stream> stream);

  io::System system_;
  Mischief mischief_;
  Taken taken_;
  std::unique_ptr<io::Listener> listener_;
};

}  // namespace veredus::torture
