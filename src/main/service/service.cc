#include "main/service/service.h"

#include <csignal>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "io/process.h"
#include "io/signals.h"
#include "io/wait_for.h"
#include "mail/authenticate/password.h"
#include "main/service/site_key.h"
#include "main/service/watchdog.h"

namespace veredus {
namespace {

constexpr unsigned kWorkers = 16;  // Most of them wait for a disk.
/// Signs of life in the time in which the service manager expects one.
constexpr int kWatchesInPeriod = 4;

/// False too where the folder of its socket is missing, or another's, as for a server that an
/// ordinary user tries out.
bool is_sendmail_served(const config::Config& config) {
  return config.sendmail.enabled && io::may_write_folder_of(config.submission_socket().path());
}

/// What the stages are made from, with the addresses this machine has now.
AssemblyConfig assembly_config(const config::Config& config, const Prepared& prepared,
                               const Secret& site_key) {
  AssemblyConfig parts = config.assembly();
  parts.tls.reader = prepared.reader;
  parts.tls_client.reader = prepared.reader;
  parts.site_key = site_key;
  parts.route.own_addresses = io::interface_addresses();
  if (is_sendmail_served(config)) parts.listen.push_back({config.submission_socket(), {}});
  return parts;
}

/// Without a certificate of their own people get one that encrypts and proves nothing.
Result<> certify(const config::Config& config) {
  const io::TlsCertificate files = config.self_signed();
  if (!config.certificates.empty()) return {};
  if (std::filesystem::exists(files.certificate_file) && std::filesystem::exists(files.key_file))
    return {};
  const Result<> made = io::make_self_signed({config.hostname}, files);
  if (made) log::info("certificate_made", {{"file", files.certificate_file}});
  return made;
}

/// The configuration, when the certificates it names can be read.
Result<config::Loaded> read_again(const config::Loaded& before, const Prepared& prepared) {
  auto loaded = config::load_again(before);
  if (!loaded) return loaded;
  if (const Result<> certified = certify(loaded->config); !certified)
    return fail(certified.error());
  const Result<> readable =
      Assembly::check_files(assembly_config(loaded->config, prepared, Secret()));
  if (!readable) return fail(readable.error());
  return loaded;
}

}  // namespace

Result<std::unique_ptr<Service>> Service::start(config::Loaded loaded,
                                                std::unique_ptr<Prepared> prepared) {
  std::unique_ptr<Service> service(new Service(std::move(loaded), std::move(prepared)));
  const Result<> opened = service->open();
  if (!opened) return fail(opened.error());
  const Result<> listening = service->listen();
  if (!listening) return fail(listening.error());
  service->prepared_->manager.ready(service->summary());
  return service;
}

Result<> Service::open() {
  const config::Config& config = loaded_.config;
  log::info("starting", {{"hostname", config.hostname},
                         {"configuration", loaded_.source},
                         {"storage", config.storage.path},
                         {"descriptors_max", io::raise_descriptor_limit()}});
  log_prepared(*prepared_);
  for (const std::string& warning : config::warnings(config))
    log::warning("configuration_warning", {{"reason", warning}});
  io::ProductionOptions options;
  options.reactors = prepared_->reactors;
  options.sockets = prepared_->sockets;
  options.workers = kWorkers;
  options.dns = config.resolver_options();
  auto production = io::Production::make(options);
  if (!production) return fail(production.error());
  production_ = std::move(*production);

  auto storage =
      storage::RocksdbStorage::open(config.storage_options(), production_->system().workers);
  if (!storage) return fail(storage.error());
  storage_ = std::move(*storage);

  const Result<> certified = certify(config);
  if (!certified) return fail(certified.error());
  auto key = site_key(config.storage.path + "/site-key");
  if (!key) return fail(key.error());
  site_key_ = std::move(*key);
  const AssemblyConfig parts = assembly_config(config, *prepared_, site_key_);
  const Result<> readable = Assembly::check_files(parts);
  if (!readable) return fail(readable.error());
  auto assembly = Assembly::make(parts, production_->system(), *storage_);
  if (!assembly) return fail(assembly.error());
  assembly_ = std::move(*assembly);
  control_ = std::make_unique<manage::ControlServer>(production_->system(), surroundings());
  drop_ = assembly_->make_drop_folder();
  return {};
}

manage::Surroundings Service::surroundings() {
  queue::Queue& queue = assembly_->queue();
  io::Clock& clock = production_->system().clock;
  return {.clock = clock,
          .storage = *storage_,
          .queue = &queue,
          .destination_of =
              [&queue](const queue::Recipient& recipient) {
                return queue.destination_of(recipient, queue::Standing());
              },
          .expire = loaded_.config.queue.expire,
          .bounce_expire = loaded_.config.queue.bounce_expire,
          .status = [this] { return status(); },
          .directory = &assembly_->directory(),
          .workers = &production_->system().workers};
}

manage::Status Service::status() const {
  const storage::RocksdbStorage::Counters counters = storage_->counters();
  return {.messages = assembly_->queue().messages(),
          .sessions = assembly_->server().session_count(),
          .commits = counters.commits,
          .writes = counters.writes,
          .flushes = counters.flushes};
}

Result<> Service::listen() {
  const Result<> handled = io::handle_signals(production_->reactors(), {SIGTERM, SIGINT, SIGHUP},
                                              [this](int number) { on_signal(number); });
  if (!handled) return fail(handled.error());
  return io::wait_for(*production_->reactors().all().front(), begin(*this));
}

io::Task<Result<>> Service::begin(Service& service) {
  Result<> started = co_await service.assembly_->start();
  if (started) started = service.control_->listen(service.loaded_.config.control_socket());
  if (started) co_await take_local_mail(service);
  if (started && service.loaded_.is_development()) co_await make_trial_account(service);
  if (started) service.watch();
  co_return started;
}

/// Somebody to log in as, for who tries the server out.
io::Task<> Service::make_trial_account(Service& service) {
  directory::Directory& directory = service.assembly_->directory();
  const std::string address(config::kTrialAddress);
  if (directory.find(address)) co_return;
  auto credential = co_await io::run_blocking(service.production_->system().workers, [] {
    return authenticate::make_credential(Secret(std::string(config::kTrialPassword)));
  });
  Result<> done;
  if (!credential) done = fail(credential.error());
  if (done)
    done = co_await directory.change([&](directory::Draft& draft) -> Result<> {
      directory::Account account;
      account.address = address;
      account.credentials.push_back(*credential);
      draft.put_account(std::move(account));
      return {};
    });
  if (!done) log::error("trial_account_not_made", {{"reason", done.error().text()}});
}

/// The socket and the folder for sendmail(1). Without them all else works.
io::Task<> Service::take_local_mail(Service& service) {
  const config::Config& config = service.loaded_.config;
  if (!config.sendmail.enabled) co_return;
  const std::string socket = config.submission_socket().path();
  std::error_code failed;
  if (is_sendmail_served(config))
    std::filesystem::permissions(
        socket, static_cast<std::filesystem::perms>(config.sendmail.socket_mode), failed);
  else
    failed = std::make_error_code(std::errc::permission_denied);
  if (failed)
    log::warning("sendmail_unavailable",
                 {{"socket", socket},
                  {"reason", failed.message() + ": its folder must be there and this user's"}});
  const Result<> opened = co_await service.drop_->start(config.drop_folder());
  if (!opened) log::warning("drop_unavailable", {{"reason", opened.error().text()}});
}

void Service::watch() {
  const io::ServiceManager& manager = prepared_->manager;
  if (manager.watchdog() == manager.watchdog().zero()) return;
  const io::System system = production_->system();
  system.reactors.front()->spawn(
      "watchdog",
      keep_watch(system, manager.watchdog() / kWatchesInPeriod, [&manager] { manager.alive(); }));
}

std::string Service::summary() const {
  std::string text = "Takes mail on";
  for (const config::Listen& listen : loaded_.config.listen) text += ' ' + listen.address.text();
  return text;
}

Service::~Service() {
  if (production_) production_->stop();
  if (storage_) storage_->stop();
  if (production_) production_->clear();
}

void Service::wait() { stopped_.get_future().wait(); }

void Service::set_stopped() {
  if (!std::exchange(stopped_set_, true)) stopped_.set_value();
}

void Service::on_signal(int number) {
  io::Reactor& reactor = *production_->reactors().all().front();
  if (number == SIGHUP) {
    reload_again_ = true;
    if (!std::exchange(reloading_, true)) reactor.spawn("reload", reload(*this));
    return;
  }
  if (std::exchange(stopping_, true)) {
    log::warning("stopping_at_once", {{"signal", number}});
    return set_stopped();
  }
  prepared_->manager.stopping();
  log::info("stopping", {{"signal", number}, {"sessions", assembly_->server().session_count()}});
  reactor.spawn("stop", finish(*this));
}

io::Task<> Service::finish(Service& service) {
  service.control_->stop();
  service.drop_->stop();
  co_await service.assembly_->stop();
  log::info("stopped");
  service.set_stopped();
}

/// Reads files, so on a worker; then swaps what changed. Whoever asks meanwhile has the files read
/// once more.
io::Task<> Service::reload(Service& service) {
  service.prepared_->manager.reloading();
  while (std::exchange(service.reload_again_, false) && !service.stopping_) {
    Result<config::Loaded> loaded = fail(Fault::cancelled, "");
    co_await service.production_->system().workers.run(
        [&] { loaded = read_again(service.loaded_, *service.prepared_); });
    if (loaded)
      co_await service.apply(std::move(*loaded));
    else
      log::error("reload_failed", {{"reason", loaded.error().text()}});
  }
  service.reloading_ = false;
  if (!service.stopping_) service.prepared_->manager.ready(service.summary());
}

io::Task<> Service::apply(config::Loaded loaded) {
  const Result<bool> replaced =
      co_await assembly_->replace(assembly_config(loaded.config, *prepared_, site_key_));
  if (!replaced) {
    log::error("reload_failed", {{"reason", replaced.error().text()}});
    co_return;
  }
  const bool needs_restart =
      *replaced || loaded.config.storage != loaded_.config.storage ||
      loaded.config.trace != loaded_.config.trace || loaded.config.dns != loaded_.config.dns ||
      loaded.config.threads != loaded_.config.threads || loaded.config.log != loaded_.config.log ||
      loaded.config.process != loaded_.config.process ||
      loaded.config.sendmail != loaded_.config.sendmail;
  log::info("reloaded", {{"configuration", loaded.source}});
  if (needs_restart)
    log::warning("reload_needs_restart", {{"reason",
                                           "listen, queue, limits, storage, trace, dns, log, "
                                           "process, sendmail or threads changed"}});
}

}  // namespace veredus
