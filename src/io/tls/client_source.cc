#include "io/tls/client_source.h"

#include "base/log.h"

namespace veredus::io {

Task<Result<std::shared_ptr<const TlsClient>>> TlsClientSource::get(Workers& workers,
                                                                    SteadyTime now) const {
  SharedMade known = made_.load();
  if (!known) {
    const auto read = [this]() -> std::pair<FileMarks, Result<std::shared_ptr<const TlsClient>>> {
      return {file_marks(config_), TlsClient::load(config_)};
    };
    auto loaded = co_await run_blocking(workers, read);
    if (!loaded.second) co_return fail(loaded.second.error());
    auto made =
        std::make_shared<const Made>(std::move(*loaded.second), std::move(loaded.first), now);
    // Who was first: sessions to resume are kept in one place.
    if (made_.compare_exchange_strong(known, made)) known = std::move(made);
    co_return known->client;
  }
  if (now - known->looked < kLookEvery) co_return known->client;
  // One caller looks; whoever comes meanwhile takes what there is.
  auto looking = std::make_shared<const Made>(known->client, known->marks, now);
  if (!made_.compare_exchange_strong(known, looking)) co_return known->client;
  co_await look(workers, std::move(looking));
  co_return made_.load()->client;
}

Task<> TlsClientSource::look(Workers& workers, SharedMade known) const {
  FileMarks marks = co_await run_blocking(workers, [this] { return file_marks(config_); });
  if (marks == known->marks) co_return;
  auto loaded = co_await run_blocking(workers, [this] { return TlsClient::load(config_); });
  if (!loaded) log::error("tls_reload_failed", {{"reason", loaded.error().text()}});
  // What could not be read is tried again; what was read and is wrong is not, until it changes.
  if (!loaded && loaded.error().fault() != Fault::malformed) marks = known->marks;
  std::shared_ptr<const TlsClient> client = known->client;
  if (loaded) client = std::move(*loaded);
  made_.store(std::make_shared<const Made>(std::move(client), std::move(marks), known->looked));
}

}  // namespace veredus::io
