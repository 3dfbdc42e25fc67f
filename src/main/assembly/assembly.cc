#include "main/assembly/assembly.h"

#include <utility>

#include "base/complaints.h"
#include "base/log.h"

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
  return queue;
}

}  // namespace

Result<Assembly::Settings> Assembly::make_settings(const AssemblyConfig& config) {
  Complaints complaints;
  const auto accept = accept::checked(config.accept);
  complaints.take(accept);
  const auto deliver = deliver::checked(config.deliver);
  complaints.take(deliver);
  complaints.take(queue::checked(config.queue));
  const auto composer = notice::Composer::make(config.notice);
  complaints.take(composer);
  auto router = route::Router::make(config.route);
  complaints.take(router);
  if (!complaints.empty()) return fail(complaints.error());

  const auto shared_router = std::make_shared<const route::Router>(std::move(*router));
  return Settings{
      std::make_shared<const accept::Settings>(*accept, shared_router,
                                               policy::RelayRule(config.relay)),
      std::make_shared<const deliver::Settings>(*deliver, shared_router, own_endpoints(config)),
      std::make_shared<const NoticeSettings>(*composer, shared_router)};
}

Result<> Assembly::check(const AssemblyConfig& config) {
  const auto settings = make_settings(config);
  if (!settings) return fail(settings.error());
  return {};
}

Result<std::unique_ptr<Assembly>> Assembly::make(const AssemblyConfig& config,
                                                 const io::System& system,
                                                 storage::Storage& storage) {
  auto settings = make_settings(config);
  if (!settings) return fail(settings.error());
  return std::unique_ptr<Assembly>(new Assembly(config, std::move(*settings), system, storage));
}

Assembly::Assembly(const AssemblyConfig& config, Settings settings, const io::System& system,
                   storage::Storage& storage)
    : config_(config),
      system_(system),
      notice_(std::move(settings.notice)),
      queue_(queue_config(config), system_, storage),
      deliverer_(system_, queue_, std::move(settings.deliver)),
      server_(accept::Surroundings{system_, queue_}, std::move(settings.accept)) {
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
  const Result<> started = co_await queue_.start();
  if (!started) co_return fail(started.error());
  for (const accept::Listen& listen : config_.listen) {
    const auto listening = server_.listen(listen);
    if (!listening) co_return fail(listening.error());
    log::info("listening", {{"endpoint", listening->text()}});
  }
  co_return Result<>();
}

Result<bool> Assembly::replace(const AssemblyConfig& config) {
  auto settings = make_settings(config);
  if (!settings) return fail(settings.error());
  const bool needs_restart =
      config.listen != config_.listen || queue_config(config) != queue_config(config_);
  // First those who deliver: nobody may accept what they do not know yet.
  deliverer_.replace(std::move(settings->deliver));
  notice_.store(std::move(settings->notice));
  server_.replace(std::move(settings->accept));
  if (config.route != config_.route) {
    config_.route = config.route;
    system_.reactors.front()->spawn("queue_replan", queue_.replan());
  }
  return needs_restart;
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
