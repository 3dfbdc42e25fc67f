// Everything outside, for real: the System that the server runs on.

#pragma once

#include <memory>

#include "base/result.h"
#include "io/held_sockets.h"
#include "io/kernel_random.h"
#include "io/reactors.h"
#include "io/real_clock.h"
#include "io/real_files.h"
#include "io/system.h"
#include "io/tcp.h"
#include "io/unbound_resolver.h"
#include "io/worker_threads.h"

namespace veredus::io {

struct ProductionOptions {
  unsigned reactors = 1;  ///< Threads for sessions and deliveries; at least 1.
  unsigned workers = 4;   ///< Threads for work that blocks; at least 1.
  ResolverOptions dns;
  std::shared_ptr<HeldSockets> sockets = nullptr;  ///< To listen on, if any is bound already.
};

/// Owns all that system() refers to. It must outlive whatever uses that, except for the tasks
/// themselves, which end in stop() and clear().
class Production {
 public:
  /// Starts the threads. Errors as UnboundResolver::make().
  [[nodiscard]] static Result<std::unique_ptr<Production>> make(const ProductionOptions& options);
  /// stop(), then clear().
  ~Production();
  Production(const Production&) = delete;
  Production& operator=(const Production&) = delete;

  System system() noexcept;
  Reactors& reactors() noexcept { return reactors_; }

  /// Ends all threads: no task runs any more, but all still exist. Afterwards end the threads of
  /// whatever else continues tasks (storage), then call clear().
  void stop();
  /// Destroys the tasks; what they refer to must still live.
  void clear();

 private:
  Production(const ProductionOptions& options, std::unique_ptr<UnboundResolver> resolver);

  RealClock clock_;
  KernelRandom random_;
  SocketNetwork network_;
  RealFiles files_;
  std::unique_ptr<UnboundResolver> resolver_;
  WorkerThreads workers_;
  Reactors reactors_;
};

}  // namespace veredus::io
