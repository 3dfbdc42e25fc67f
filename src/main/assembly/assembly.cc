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
  for (const io::Endpoint& endpoint : config.listen) {
    if (endpoint.is_unix()) continue;
    if (!endpoint.address().is_unspecified()) own.push_back(endpoint);
    if (endpoint.address().is_unspecified())
      for (const IpAddress& address : config.route.own_addresses)
        own.emplace_back(address, endpoint.port());
  }
  return own;
}

}  // namespace

Result<Assembly::Settings> Assembly::make_settings(const AssemblyConfig& config) {
  Complaints complaints;
  const auto accept = accept::checked(config.accept);
  complaints.take(accept);
  const auto deliver = deliver::checked(config.deliver);
  complaints.take(deliver);
  complaints.take(queue::checked(config.queue));
  auto router = route::Router::make(config.route);
  complaints.take(router);
  if (!complaints.empty()) return fail(complaints.error());

  const auto shared_router = std::make_shared<const route::Router>(std::move(*router));
  return Settings{
      std::make_shared<const accept::Settings>(*accept, shared_router,
                                               policy::RelayRule(config.relay)),
      std::make_shared<const deliver::Settings>(*deliver, shared_router, own_endpoints(config))};
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
      queue_(config.queue, system_, storage),
      deliverer_(system_, queue_, std::move(settings.deliver)),
      server_(accept::Surroundings{system_, queue_}, std::move(settings.accept)) {
  queue_.connect(
      [this](const queue::Recipient& recipient) { return deliverer_.destination_of(recipient); },
      [this](const std::string& destination) { deliverer_.start_worker(destination); });
}

io::Task<Result<>> Assembly::start() {
  const Result<> started = co_await queue_.start();
  if (!started) co_return fail(started.error());
  for (const io::Endpoint& endpoint : config_.listen) {
    const auto listening = server_.listen(endpoint);
    if (!listening) co_return fail(listening.error());
    log::info("listening", {{"endpoint", listening->text()}});
  }
  co_return Result<>();
}

Result<bool> Assembly::replace(const AssemblyConfig& config) {
  auto settings = make_settings(config);
  if (!settings) return fail(settings.error());
  const bool needs_restart = config.listen != config_.listen || config.queue != config_.queue;
  // First those who deliver: nobody may accept what they do not know yet.
  deliverer_.replace(std::move(settings->deliver));
  server_.replace(std::move(settings->accept));
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
