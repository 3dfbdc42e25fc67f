#include "main/commands/queue_options.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "base/text.h"
#include "main/commands/command.h"
#include "main/commands/progress.h"

namespace veredus::commands {
namespace {

std::string option_name(std::string_view word) {
  std::string name = "--" + std::string(word);
  std::ranges::replace(name, '_', '-');
  return name;
}

}  // namespace

void FilterOptions::add_to(const Command& command) {
  command.option({.names = "id",
                  .value = "ID",
                  .description = "Queue ids; without any, filters say which messages"},
                 ids_);
  for (const manage::FilterWord& word : manage::filter_words())
    command.option({.names = option_name(word.name),
                    .value = std::string(word.value),
                    .description = std::string(word.meaning)},
                   texts_[std::string(word.name)]);
}

Result<manage::Filter> FilterOptions::filter() const {
  manage::Filter filter;
  for (const auto& [name, text] : texts_) {
    if (text.empty()) continue;
    const Result<> done = manage::set(filter, name, text);
    if (!done) {
      const std::string reason = done.error().text().substr(name.size());
      return fail(Fault::malformed, option_name(name) + reason);
    }
  }
  if (ids_.size() > manage::kFilterIdsMax)
    return fail(Fault::malformed, "at most " + std::to_string(manage::kFilterIdsMax) +
                                      " ids at once; filters may mean any number of messages");
  for (const std::string& given : ids_) {
    const auto id = checked_id(given);
    if (!id) return fail(id.error());
    filter.ids.push_back(*parse_queue_id(*id));
  }
  return filter;
}

void QueueOptions::add_to(const Command& command) {
  configuration.add_to(command);
  command.flag(
      {.names = "--json", .value = "", .description = "For programs: JSON objects, one a line"},
      json);
}

int QueueOptions::ask(const Inquiry& inquiry) const {
  const auto loaded = configuration.load();
  if (!loaded) return complain(loaded.error(), kConfiguration);
  const Result<> asked = inquire(loaded->config, inquiry);
  return asked ? kDone : complain(asked.error(), kFailed);
}

Error not_in_queue(const std::string& id) {
  return Error(Fault::refused, id +
                                   " is not in the queue: it is done with, or never was here; "
                                   "`veredus trace " +
                                   id + "` tells what is known of it");
}

Result<std::string> checked_id(const std::string& given) {
  if (const auto id = parse_queue_id(given)) return text(*id);
  return fail(Fault::malformed, printable(given) +
                                    " is not a queue id: those are 13 letters and digits, as in "
                                    "the reply to DATA");
}

std::function<void(std::uint64_t, std::uint64_t)> progress_bar(const std::string& what) {
  struct Bar {
    std::uint64_t total = 0;
    std::optional<Progress> progress;
  };
  return [what, bar = std::make_shared<Bar>()](std::uint64_t looked_at, std::uint64_t of) {
    if (!bar->progress) {
      bar->total = std::max(looked_at, of);
      bar->progress.emplace(of == 0 ? 0 : bar->total, what);
    }
    bar->progress->update(std::min(looked_at, bar->total));
  };
}

}  // namespace veredus::commands
