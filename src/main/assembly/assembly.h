// The stages of the way of a mail, put together: the same in production and in simulation.

#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "io/system.h"
#include "io/task.h"
#include "io/tls/keeper.h"
#include "mail/accept/config.h"
#include "mail/accept/drop_folder.h"
#include "mail/accept/server.h"
#include "mail/authenticate/authenticator.h"
#include "mail/deliver/config.h"
#include "mail/deliver/deliverer.h"
#include "mail/directory/directory.h"
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
  accept::SubmissionConfig submission;
  authenticate::AuthenticateConfig authenticate;
  directory::DirectoryConfig directory;
  policy::RelayConfig relay;
  route::RouteConfig route;
  queue::QueueConfig queue;
  deliver::DeliverConfig deliver;
  notice::NoticeConfig notice;
  io::TlsServerConfig tls;         ///< No certificate: TLS is not offered.
  io::TlsClientConfig tls_client;  ///< Whom we trust when we deliver.
  Secret site_key;                 ///< authenticate::Surroundings::site_key
};

/// The running mail server. Tasks of its own run on the system's reactors: destroy it when those
/// run no more.
class Assembly {
 public:
  /// Errors: malformed; all that is wrong with any part, one a line that begins with the key.
  [[nodiscard]] static Result<> check(const AssemblyConfig& config);

  /// Reads all certificates, keys and authorities that it names; blocks. Errors: a line for each
  /// file that is wrong.
  [[nodiscard]] static Result<> check_files(const AssemblyConfig& config);

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
  /// notice; certificates and the accounts file are read anew, and all is in use when it returns.
  /// Of `listen` and `queue` a change takes effect at the next start; true when there is one. On
  /// the first reactor. Errors as check() and check_files(); then nothing has changed, but for
  /// certificates when only the accounts file is wrong.
  io::Task<Result<bool>> replace(AssemblyConfig config);

  queue::Queue& queue() noexcept { return queue_; }
  directory::Directory& directory() noexcept { return *directory_; }
  const accept::Server& server() const noexcept { return server_; }
  /// For mail that sendmail(1) left; it goes by what sessions go by. This outlives it.
  std::unique_ptr<accept::DropFolder> make_drop_folder();

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
  /// What is made before the rest.
  struct Parts {
    Settings settings;
    std::unique_ptr<io::TlsKeeper> tls;
    std::unique_ptr<directory::Directory> directory;
  };
  Assembly(const AssemblyConfig& config, Parts parts, const io::System& system,
           storage::Storage& storage);
  void use(Settings settings);
  AssemblyConfig config_with_residents(AssemblyConfig config) const;
  void settle_residents();

  Result<queue::Message> compose_notice(const queue::NoticeRequest& request) const;
  using SharedTlsClient = std::shared_ptr<const io::TlsClientSource>;
  static Result<Settings> make_settings(const AssemblyConfig& config, SharedTlsClient tls_client);

  AssemblyConfig config_;
  io::System system_;
  std::atomic<std::shared_ptr<const NoticeSettings>> notice_;
  queue::Queue queue_;
  deliver::Deliverer deliverer_;
  SharedTlsClient tls_client_;  // With what it knows of servers; a new one at each reload.
  std::unique_ptr<io::TlsKeeper> tls_;
  std::unique_ptr<directory::Directory> directory_;
  authenticate::Authenticator authenticator_;
  accept::SendingMeter meter_;
  accept::Users users_;
  accept::Server server_;
};

}  // namespace veredus
