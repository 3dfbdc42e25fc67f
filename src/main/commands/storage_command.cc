#include <iostream>
#include <memory>
#include <unordered_set>

#include <fmt/format.h>

#include "base/log.h"
#include "io/production.h"
#include "io/wait_for.h"
#include "mail/queue/queue.h"
#include "main/commands/command.h"
#include "main/commands/configuration.h"
#include "main/commands/existing_storage.h"
#include "storage/rocksdb/rocksdb_storage.h"

namespace veredus::commands {
namespace {

constexpr std::size_t kPage = 500;

using Ids = std::unordered_set<std::uint64_t>;

/// The ids of all messages, which are those of their bodies too.
io::Task<Result<Ids>> queued_ids(storage::Meta& meta) {
  Ids ids;
  for (QueueId from{};;) {
    const auto page = co_await queue::list_stored(meta, from, kPage);
    if (!page) co_return fail(page.error());
    if (page->empty()) co_return ids;
    for (const queue::Listed& listed : *page)
      ids.insert(static_cast<std::uint64_t>(listed.envelope.id));
    from = QueueId{static_cast<std::uint64_t>(page->back().envelope.id) + 1};
  }
}

Result<storage::Report> read_everything(const config::Config& config) {
  auto production = io::Production::make({.reactors = 1, .workers = 1, .dns = {}});
  if (!production) return fail(production.error());
  const io::System system = (*production)->system();
  auto storage = open_existing_storage(config, system.workers);
  if (!storage) return fail(storage.error());
  const auto ids = io::wait_for(*system.reactors.front(), queued_ids(**storage));
  Result<storage::Report> report = fail(Fault::cancelled, "");
  if (ids)
    report = (*storage)->check(
        [&ids](storage::BlobId blob) { return ids->contains(static_cast<std::uint64_t>(blob)); });
  else
    report = fail(ids.error());
  (*production)->stop();
  (*storage)->stop();
  (*production)->clear();
  return report;
}

int check(const ConfigurationOptions& options) {
  const auto loaded = options.load();
  if (!loaded) return complain(loaded.error(), kConfiguration);
  log::set_level(log::Level::error);
  const auto report = read_everything(loaded->config);
  if (!report) return complain(report.error(), kFailed);
  std::cout << fmt::format(
      "Format {}: {} message{}, {} of their recipients tried, {} bodies in {} parts.\n",
      report->format_version, report->messages, report->messages == 1 ? "" : "s", report->states,
      report->blobs, report->chunks);
  if (report->orphan_chunks > 0)
    std::cout << fmt::format("{} parts belong to no message: the next start removes them.\n",
                             report->orphan_chunks);
  if (report->missing_chunks == 0) {
    std::cout << "Everything could be read, and every checksum is right.\n";
    return kDone;
  }
  std::cout << fmt::format("{} parts of bodies are missing: restore them from a backup.\n",
                           report->missing_chunks);
  return kFailed;
}

}  // namespace

void add_storage(const Command& program) {
  const Command command = program.add("storage", "Look after what is on disk");
  command.require_subcommand();
  auto options = std::make_shared<ConfigurationOptions>();
  const Command check_command =
      command.add("check", "Read everything and verify its checksums, while no server runs");
  options->add_to(check_command);
  check_command.run([options] { return check(*options); });
}

}  // namespace veredus::commands
