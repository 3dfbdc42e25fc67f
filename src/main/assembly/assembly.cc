#include "main/assembly/assembly.h"

#include <utility>

#include "base/complaints.h"
#include "base/log.h"
#include "main/assembly/residents.h"

namespace veredus {
namespace {

constexpr std::chrono::milliseconds kStopPoll{20};

/// Where we can be reached, as an MX record would lead to us.
std::vector<io::Endpoint> own_endpoints(const AssemblyConfig& config) {
  std::vector<io::Endpoint> own;
  for (const accept::Listen& listen : config.listen) {
    const io::Endpoint& endpoint = listen.endpoint;
    if (endpoint.is_unix() || listen.port.service != policy::Service::smtp) continue;
    if (!endpoint.address().is_unspecified()) own.push_back(endpoint);
    if (endpoint.address().is_unspecified())
      for (const IpAddress& address : config.route.own_addresses)
        own.emplace_back(address, endpoint.port());
  }
  return own;
}

/// The queue bounds connections for each source address; delivery says how many there are.
queue::QueueConfig queue_config(const AssemblyConfig& config) {
  queue::QueueConfig queue = config.queue;
  queue.sources = config.deliver.source_count();
  queue.local_destination = route::destination_name(route::LocalMailbox());
  return queue;
}

}  // namespace

Result<Assembly::Settings> Assembly::make_settings(const AssemblyConfig& config,
                                                   SharedTlsClient tls_client) {
  Complaints complaints;
  const auto accept = accept::checked(config.accept);
  complaints.take(accept);
  const auto deliver = deliver::checked(config.deliver);
  complaints.take(deliver);
  complaints.take(queue::checked(config.queue));
  const auto composer = notice::Composer::make(config.notice);
  complaints.take(composer);
  complaints.take(authenticate::checked(config.authenticate));
  auto router = route::Router::make(config.route);
  complaints.take(router);
  if (!complaints.empty()) return fail(complaints.error());

  const auto shared_router = std::make_shared<const route::Router>(std::move(*router));
  return Settings{std::make_shared<const accept::Settings>(
                      *accept, shared_router, policy::RelayRule(config.relay), config.submission),
                  std::make_shared<const deliver::Settings>(
                      *deliver, shared_router, own_endpoints(config), std::move(tls_client)),
                  std::make_shared<const NoticeSettings>(*composer, shared_router)};
}

Result<> Assembly::check(const AssemblyConfig& config) {
  const auto settings = make_settings(config, nullptr);
  if (!settings) return fail(settings.error());
  const auto accounts = directory::Directory::read(config.directory.file);
  if (!accounts) return fail(accounts.error());
  return {};
}

Result<> Assembly::check_files(const AssemblyConfig& config) {
  Complaints complaints;
  if (!config.tls.certificates.empty()) complaints.take(io::TlsServer::load(config.tls));
  // What the system trusts is not the postmaster's to mend, and read when it is first needed.
  if (config.tls_client.names_files()) complaints.take(io::TlsClient::load(config.tls_client));
  if (!complaints.empty()) return fail(complaints.error());
  return {};
}

Result<std::unique_ptr<Assembly>> Assembly::make(const AssemblyConfig& config,
                                                 const io::System& system,
                                                 storage::Storage& storage) {
  auto settings = make_settings(config, nullptr);
  if (!settings) return fail(settings.error());
  auto directory = directory::Directory::open(config.directory, system, storage);
  if (!directory) return fail(directory.error());
  Parts parts{std::move(*settings), nullptr, std::move(*directory)};
  if (!config.tls.certificates.empty()) {
    auto keeper = io::TlsKeeper::make(config.tls, system);
    if (!keeper) return fail(keeper.error());
    parts.tls = std::move(*keeper);
  }
  return std::unique_ptr<Assembly>(new Assembly(config, std::move(parts), system, storage));
}

Assembly::Assembly(const AssemblyConfig& config, Parts parts, const io::System& system,
                   storage::Storage& storage)
    : config_(config),
      system_(system),
      notice_(std::move(parts.settings.notice)),
      queue_(queue_config(config), system_, storage),
      deliverer_(system_, queue_, std::move(parts.settings.deliver)),
      tls_(std::move(parts.tls)),
      directory_(std::move(parts.directory)),
      authenticator_(
          *authenticate::checked(config.authenticate),
          {.system = system_,
           .find_account =
               [this](std::string address) { return directory_->look_up(std::move(address)); },
           .site_key = config.site_key,
           .pam_folder = {}}),
      meter_(system_),
      users_{.authenticator = authenticator_,
             .find_account =
                 [this](std::string address) { return directory_->look_up(std::move(address)); },
             .meter = meter_},
      server_(
          accept::Surroundings{
              .system = system_, .queue = queue_, .tls = tls_.get(), .users = &users_},
          std::move(parts.settings.accept)) {
  directory_->connect({
      .check = [this](const directory::Kept& kept,
                      const directory::Accounts& declared) -> Result<> {
        const auto router = route::Router::make(with_residents(config_.route, kept, declared));
        if (!router) return fail(Fault::refused, router.error().text());
        return {};
      },
      .changed = [this] { settle_residents(); },
      .is_configured =
          [this](const std::string& domain) { return is_configured(config_.route, domain); },
  });
  queue_.connect({
      .destination_of =
          [this](const queue::Recipient& recipient) {
            return deliverer_.destination_of(recipient);
          },
      .start_worker = [this](const std::string& name) { deliverer_.start_worker(name); },
      .compose_notice =
          [this](const queue::NoticeRequest& request) { return compose_notice(request); },
      .forget_failures = [this] { deliverer_.forget_failed_hosts(); },
  });
}

/// A sender may be an alias of ours: its notice goes where other mail to it would.
Result<queue::Message> Assembly::compose_notice(const queue::NoticeRequest& request) const {
  const auto settings = notice_.load();
  auto composed = settings->composer.compose(request);
  if (!composed) return fail(composed.error());
  std::vector<queue::Recipient> expanded;
  for (const queue::Recipient& recipient : composed->envelope.recipients) {
    const auto addresses = settings->router->expand(recipient.address);
    if (!addresses) {
      expanded.push_back(recipient);  // It fails at the attempt, and visibly.
      continue;
    }
    for (const smtp::Address& address : *addresses) {
      queue::Recipient& to = expanded.emplace_back(recipient);
      if (address != recipient.address) to.original = recipient.address.text();
      to.address = address;
    }
  }
  composed->envelope.recipients = std::move(expanded);
  return composed;
}

io::Task<Result<>> Assembly::start() {
  const Result<> loaded = co_await directory_->load();
  if (!loaded) co_return fail(loaded.error());
  tls_client_ = std::make_shared<const io::TlsClientSource>(config_.tls_client);
  auto settings = make_settings(config_with_residents(config_), tls_client_);
  if (!settings) co_return fail(settings.error());
  use(std::move(*settings));
  const Result<> started = co_await queue_.start();
  if (!started) co_return fail(started.error());
  if (tls_) system_.reactors.front()->spawn("tls_watch", io::TlsKeeper::watch(*tls_));
  system_.reactors.front()->spawn("accounts_watch", directory::Directory::watch(*directory_));
  for (const accept::Listen& listen : config_.listen) {
    const auto listening = server_.listen(listen);
    if (!listening) co_return fail(listening.error());
    log::info("listening", {{"endpoint", listening->text()}});
  }
  co_return Result<>();
}

io::Task<Result<bool>> Assembly::replace(AssemblyConfig config) {
  if (const auto wrong = make_settings(config_with_residents(config), nullptr); !wrong)
    co_return fail(wrong.error());
  if (tls_) {
    const Result<> certified = co_await tls_->replace(config.tls);
    if (!certified) co_return fail(certified.error());
  }
  const bool needs_restart =
      config.listen != config_.listen || queue_config(config) != queue_config(config_);
  // What runs until the next start stays what later changes are compared with.
  config.listen = config_.listen;
  config.queue = config_.queue;
  config.site_key = config_.site_key;
  // Accounts are judged by the routes that they will have.
  const AssemblyConfig before = std::exchange(config_, std::move(config));
  const Result<> declared = co_await directory_->replace(config_.directory);
  auto tls_client = std::make_shared<const io::TlsClientSource>(config_.tls_client);
  auto settings = make_settings(config_with_residents(config_), tls_client);
  if (!declared || !settings) {
    config_ = before;
    co_return fail(declared ? settings.error() : declared.error());
  }
  tls_client_ = std::move(tls_client);
  use(std::move(*settings));
  authenticator_.replace(*authenticate::checked(config_.authenticate));
  const bool new_routes = config_.route != before.route;
  if (new_routes) system_.reactors.front()->spawn("queue_replan", queue_.replan());
  co_return needs_restart;
}

/// First those who deliver: nobody may accept what they do not know yet.
void Assembly::use(Settings settings) {
  deliverer_.replace(std::move(settings.deliver));
  notice_.store(std::move(settings.notice));
  server_.replace(std::move(settings.accept));
}

AssemblyConfig Assembly::config_with_residents(AssemblyConfig config) const {
  config.route =
      with_residents(std::move(config.route), *directory_->kept(), *directory_->declared());
  return config;
}

/// The directory has changed. It asked first (Directory::Hooks::check), so this works.
void Assembly::settle_residents() {
  auto settings = make_settings(config_with_residents(config_), tls_client_);
  if (!settings) return log::error("directory_not_used", {{"reason", settings.error().text()}});
  use(std::move(*settings));
  system_.reactors.front()->spawn("queue_replan", queue_.replan());
}

std::unique_ptr<accept::DropFolder> Assembly::make_drop_folder() {
  return std::make_unique<accept::DropFolder>(
      accept::Surroundings{.system = system_, .queue = queue_},
      [this] { return server_.settings(); });
}

io::Task<> Assembly::stop() {
  const SteadyTime until = system_.clock.now() + config_.accept.stop_deadline;
  co_await server_.stop();
  queue_.stop();
  while (deliverer_.worker_count() > 0 && system_.clock.now() < until)
    co_await system_.clock.sleep_for(kStopPoll);
  if (deliverer_.worker_count() > 0)
    log::warning("attempts_cut", {{"workers", deliverer_.worker_count()}});
}

}  // namespace veredus
