// The stages of the way of a mail, put together: the same in production and in simulation.

#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/system.h"
#include "io/task.h"
#include "mail/accept/config.h"
#include "mail/accept/server.h"
#include "mail/deliver/config.h"
#include "mail/deliver/deliverer.h"
#include "mail/notice/composer.h"
#include "mail/policy/relay.h"
#include "mail/queue/config.h"
#include "mail/queue/queue.h"
#include "mail/route/config.h"
#include "mail/route/router.h"
#include "storage/storage.h"

namespace veredus {

/// What each stage is configured with.
struct AssemblyConfig {
  std::vector<accept::Listen> listen;
  accept::AcceptConfig accept;
  policy::RelayConfig relay;
  route::RouteConfig route;
  queue::QueueConfig queue;
  deliver::DeliverConfig deliver;
  notice::NoticeConfig notice;
};

/// The running mail server. Tasks of its own run on the system's reactors: destroy it when those
/// run no more.
class Assembly {
 public:
  /// Errors: malformed; all that is wrong with any part, one a line that begins with the key.
  [[nodiscard]] static Result<> check(const AssemblyConfig& config);

  /// `system` and `storage` outlive it. Errors as check().
  [[nodiscard]] static Result<std::unique_ptr<Assembly>> make(const AssemblyConfig& config,
                                                              const io::System& system,
                                                              storage::Storage& storage);

  /// Takes up the queue and then listens. On the first reactor. Errors: unavailable (an address in
  /// use, storage).
  io::Task<Result<>> start();
  /// Stops in order: no new clients, sessions end, no new attempts, attempts end. At most the
  /// configured deadline. On the first reactor.
  io::Task<> stop();

  /// Sessions, attempts and notices from now on go by `config`: accept, relay, route, deliver and
  /// notice. Of
  /// `listen` and `queue` a change takes effect at the next start; true when there is one.
  /// On the first reactor. Errors as check(); then nothing has changed.
  [[nodiscard]] Result<bool> replace(const AssemblyConfig& config);

  queue::Queue& queue() noexcept { return queue_; }
  const accept::Server& server() const noexcept { return server_; }

 private:
  struct NoticeSettings {
    notice::Composer composer;
    std::shared_ptr<const route::Router> router;
  };
  struct Settings {
    accept::SharedSettings accept;
    deliver::SharedSettings deliver;
    std::shared_ptr<const NoticeSettings> notice;
  };
  Assembly(const AssemblyConfig& config, Settings settings, const io::System& system,
           storage::Storage& storage);

  Result<queue::Message> compose_notice(const queue::NoticeRequest& request) const;
  static Result<Settings> make_settings(const AssemblyConfig& config);

  AssemblyConfig config_;
  io::System system_;
  std::atomic<std::shared_ptr<const NoticeSettings>> notice_;
  queue::Queue queue_;
  deliver::Deliverer deliverer_;
  accept::Server server_;
};

}  // namespace veredus
