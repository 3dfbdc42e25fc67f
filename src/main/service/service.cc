#include "main/service/service.h"

#include <csignal>
#include <utility>

#include "base/log.h"
#include "io/process.h"
#include "io/signals.h"
#include "io/wait_for.h"

namespace veredus {
namespace {

constexpr unsigned kWorkers = 4;

/// What the stages are made from, with the addresses this machine has now.
AssemblyConfig assembly_config(const config::Config& config) {
  AssemblyConfig parts = config.assembly();
  parts.route.own_addresses = io::interface_addresses();
  return parts;
}

}  // namespace

Result<std::unique_ptr<Service>> Service::start(config::Loaded loaded) {
  std::unique_ptr<Service> service(new Service(std::move(loaded)));
  const Result<> opened = service->open();
  if (!opened) return fail(opened.error());
  const Result<> listening = service->listen();
  if (!listening) return fail(listening.error());
  return service;
}

Result<> Service::open() {
  const config::Config& config = loaded_.config;
  io::keep_files_private();
  log::info("starting", {{"hostname", config.hostname},
                         {"configuration", loaded_.source},
                         {"storage", config.storage.path},
                         {"descriptors_max", io::raise_descriptor_limit()}});
  for (const std::string& warning : config::warnings(config))
    log::warning("configuration_warning", {{"reason", warning}});
  io::ProductionOptions options;
  options.reactors = config.threads > 0 ? config.threads : io::processor_count();
  options.workers = kWorkers;
  options.dns = config.resolver_options();
  auto production = io::Production::make(options);
  if (!production) return fail(production.error());
  production_ = std::move(*production);

  auto storage =
      storage::RocksdbStorage::open(config.storage_options(), production_->system().workers);
  if (!storage) return fail(storage.error());
  storage_ = std::move(*storage);

  auto assembly = Assembly::make(assembly_config(config), production_->system(), *storage_);
  if (!assembly) return fail(assembly.error());
  assembly_ = std::move(*assembly);
  control_ = std::make_unique<manage::ControlServer>(production_->system(), surroundings());
  return {};
}

manage::Surroundings Service::surroundings() {
  queue::Queue& queue = assembly_->queue();
  return {.clock = production_->system().clock,
          .storage = *storage_,
          .queue = &queue,
          .destination_of =
              [&queue](const queue::Recipient& recipient) {
                return queue.destination_of(recipient, queue::Standing());
              },
          .expire = loaded_.config.queue.expire,
          .bounce_expire = loaded_.config.queue.bounce_expire,
          .status = [this] { return status(); }};
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
  co_return started;
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
  if (number == SIGHUP) return reactor.spawn("reload", reload(*this));
  if (std::exchange(stopping_, true)) {
    log::warning("stopping_at_once", {{"signal", number}});
    return set_stopped();
  }
  log::info("stopping", {{"signal", number}, {"sessions", assembly_->server().session_count()}});
  reactor.spawn("stop", finish(*this));
}

io::Task<> Service::finish(Service& service) {
  service.control_->stop();
  co_await service.assembly_->stop();
  log::info("stopped");
  service.set_stopped();
}

/// Reads files, so on a worker; then swaps what changed.
io::Task<> Service::reload(Service& service) {
  Result<config::Loaded> loaded = fail(Fault::cancelled, "");
  co_await service.production_->system().workers.run(
      [&] { loaded = config::load_again(service.loaded_); });
  service.apply(std::move(loaded));
}

void Service::apply(Result<config::Loaded> loaded) {
  const Result<bool> replaced = loaded ? assembly_->replace(assembly_config(loaded->config))
                                       : Result<bool>(fail(loaded.error()));
  if (!replaced) {
    log::error("reload_failed", {{"reason", replaced.error().text()}});
    return;
  }
  const bool needs_restart =
      *replaced || loaded->config.storage != loaded_.config.storage ||
      loaded->config.trace != loaded_.config.trace || loaded->config.dns != loaded_.config.dns ||
      loaded->config.threads != loaded_.config.threads || loaded->config.log != loaded_.config.log;
  log::info("reloaded", {{"configuration", loaded->source}});
  if (needs_restart)
    log::warning(
        "reload_needs_restart",
        {{"reason", "listen, queue, limits, storage, trace, dns, log or threads changed"}});
}

}  // namespace veredus
