#include "io/tls/client_source.h"

namespace veredus::io {

Task<Result<std::shared_ptr<const TlsClient>>> TlsClientSource::get(Workers& workers) const {
  if (auto client = client_.load()) co_return client;
  auto loaded = co_await run_blocking(workers, [this] { return TlsClient::load(config_); });
  if (!loaded) co_return fail(loaded.error());
  std::shared_ptr<const TlsClient> none;
  // Who was first: sessions to resume are kept in one place.
  if (!client_.compare_exchange_strong(none, *loaded)) co_return none;
  co_return std::move(*loaded);
}

}  // namespace veredus::io
