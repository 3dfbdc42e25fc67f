#include "io/tls/keeper.h"

#include <utility>

#include "base/log.h"

namespace veredus::io {
namespace {

constexpr std::chrono::hours kWarnEvery{24};

std::string days_text(Duration left) {
  const auto days = std::chrono::duration_cast<std::chrono::hours>(left).count() / 24;
  return std::to_string(days) + (days == 1 ? " day" : " days");
}

}  // namespace

Result<std::unique_ptr<TlsKeeper>> TlsKeeper::make(const TlsServerConfig& config,
                                                   const System& system) {
  std::unique_ptr<TlsKeeper> keeper(new TlsKeeper(config, system));
  keeper->marks_ = file_marks(config);
  auto loaded = TlsServer::load(config);
  if (!loaded) return fail(loaded.error());
  keeper->current_.store(std::move(*loaded));
  keeper->warn_of_expiry();
  return keeper;
}

Task<> TlsKeeper::watch(TlsKeeper& keeper) {
  for (;;) {
    co_await keeper.system_.clock.sleep_for(kLookEvery);
    co_await keeper.look();
    keeper.warn_of_expiry();
  }
}

Task<> TlsKeeper::look() {
  const TlsServerConfig config = config_;
  const FileMarks now =
      co_await run_blocking(system_.workers, [&config] { return file_marks(config); });
  if (now == marks_ || config != config_) co_return;
  auto loaded =
      co_await run_blocking(system_.workers, [&config] { return TlsServer::load(config); });
  if (config != config_) co_return;  // Replaced meanwhile.
  marks_ = now;
  if (!loaded) {
    log::error("tls_reload_failed", {{"reason", loaded.error().text()}});
    co_return;
  }
  current_.store(std::move(*loaded));
  log::info("tls_reloaded", {{"certificates", config.certificates.size()}});
}

Task<Result<>> TlsKeeper::replace(TlsServerConfig config) {
  FileMarks now;
  const auto read = [&] {
    now = file_marks(config);
    return TlsServer::load(config);
  };
  auto loaded = co_await run_blocking(system_.workers, read);
  if (!loaded) co_return fail(loaded.error());
  config_ = std::move(config);
  marks_ = std::move(now);
  current_.store(std::move(*loaded));
  co_return Result<>();
}

void TlsKeeper::warn_of_expiry() {
  const WallTime now = system_.clock.wall();
  if (now - warned_ < kWarnEvery) return;
  for (const TlsServer::Expiry& expiry : current()->expiries()) {
    if (expiry.not_after - now > kWarnBefore) continue;
    warned_ = now;
    const bool is_over = expiry.not_after <= now;
    log::warning("certificate_expires",
                 {{"file", expiry.certificate_file},
                  {"reason", is_over ? std::string("it has expired")
                                     : "it expires in " + days_text(expiry.not_after - now)}});
  }
}

}  // namespace veredus::io
