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
/// How long the server and its storage are asked in turn: one that starts or stops has the storage
/// open already, or still, while its socket does not answer.
constexpr std::chrono::seconds kPatience{10};
constexpr std::chrono::milliseconds kTurn{200};

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
  auto storage = open_existing_storage(config, system.workers, kTurn);
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
  for (const SteadyTime until = system.clock.now() + kPatience;;) {
    auto asked = io::wait_for(*system.reactors.front(),
                              manage::ask(system.network, config.control_socket(), request, note));
    const bool nobody = !asked && !answered && asked.error().fault() == Fault::unavailable;
    if (!nobody) return asked;
    Result<> read = read_storage(**production, config, id, entry);
    const bool in_use = !read && read.error().fault() == Fault::overloaded;
    if (!in_use || system.clock.now() > until) return read;
  }
}

}  // namespace veredus::commands
