#include "main/commands/queue_source.h"

#include <memory>
#include <utility>

#include "base/log.h"
#include "io/production.h"
#include "io/wait_for.h"
#include "mail/manage/control.h"
#include "mail/manage/queue_view.h"
#include "main/commands/existing_storage.h"
#include "storage/rocksdb/rocksdb_storage.h"

namespace veredus::commands {
namespace {

using Entry = std::function<void(std::string)>;

constexpr std::size_t kPage = 500;

io::Task<Result<>> read_all(storage::Meta& meta, io::Clock& clock, const Entry& entry) {
  for (QueueId from{};;) {
    const auto page = co_await queue::list_stored(meta, from, kPage);
    if (!page) co_return fail(page.error());
    if (page->empty()) co_return Result<>();
    for (const queue::Listed& listed : *page) entry(manage::to_json(listed, clock.wall()));
    from = QueueId{static_cast<std::uint64_t>(page->back().envelope.id) + 1};
  }
}

io::Task<Result<>> read_one(storage::Meta& meta, io::Clock& clock, QueueId id, const Entry& entry) {
  const auto page = co_await queue::list_stored(meta, id, 1);
  if (!page) co_return fail(page.error());
  if (!page->empty() && page->front().envelope.id == id)
    entry(manage::to_json(page->front(), clock.wall()));
  co_return Result<>();
}

/// Reads a storage that no server has open.
Result<> read_storage(io::Production& production, const config::Config& config,
                      std::optional<QueueId> id, const Entry& entry) {
  const io::System system = production.system();
  auto storage = open_existing_storage(config, system.workers);
  if (!storage) return fail(storage.error());
  io::Reactor& reactor = *system.reactors.front();
  auto done = id ? io::wait_for(reactor, read_one(**storage, system.clock, *id, entry))
                 : io::wait_for(reactor, read_all(**storage, system.clock, entry));
  production.stop();
  (*storage)->stop();
  production.clear();
  return done;
}

}  // namespace

Result<> read_queue(const config::Config& config, std::optional<QueueId> id, const Entry& entry) {
  log::set_level(log::Level::error);
  auto production = io::Production::make({.reactors = 1, .workers = 1, .dns = {}});
  if (!production) return fail(production.error());
  const io::System system = (*production)->system();
  bool answered = false;
  const auto note = [&](std::string line) {
    answered = true;
    entry(std::move(line));
  };
  const std::string request = id ? manage::show_request(*id) : manage::list_request();
  auto asked = io::wait_for(*system.reactors.front(),
                            manage::ask(system.network, config.control_socket(), request, note));
  // Nobody answers the socket: no server runs.
  const bool nobody = !asked && !answered && asked.error().fault() == Fault::unavailable;
  return nobody ? read_storage(**production, config, id, entry) : asked;
}

}  // namespace veredus::commands
