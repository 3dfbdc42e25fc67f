#include "mail/trace/reader.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "mail/trace/keys.h"

namespace veredus::trace {
namespace {

constexpr std::size_t kPage = 1000;
/// The chance in a QueueId (base/ids.h).
constexpr int kIdChanceBits = 22;

std::string_view without_brackets(std::string_view text) {
  if (text.starts_with('<') && text.ends_with('>')) return text.substr(1, text.size() - 2);
  return text;
}

void add_events(Story& story, const storage::KeyValue& pair) {
  auto events = decode(pair.value);
  if (!events) {
    log::error("trace_damaged", {{"queue_id", text(story.id)}, {"reason", events.error().text()}});
    return;
  }
  std::ranges::move(*events, std::back_inserter(story.events));
}

}  // namespace

bool Story::is_about(std::string_view wanted) const {
  const std::string_view bare = without_brackets(wanted);
  const auto is_it = [bare](std::string_view text) {
    return iequals(without_brackets(text), bare);
  };
  return std::ranges::any_of(events, [&](const Event& event) {
    return std::ranges::any_of(event.recipients, is_it) ||
           (event.kind == Kind::accepted && (is_it(event.sender) || is_it(event.message_id)));
  });
}

Reader::Reader(storage::Meta& meta, QueueId from) : meta_(meta), from_(key_prefix(from)) {}

io::Task<Result<std::vector<Story>>> Reader::next(std::size_t limit) {
  std::vector<Story> stories;
  for (;;) {
    if (rest_.empty() && !end_) {
      auto page = co_await meta_.scan(storage::Space::trace, from_, kPage);
      if (!page) co_return fail(page.error());
      end_ = page->size() < kPage;
      if (!page->empty()) from_ = page->back().key + '\0';
      rest_ = std::move(*page);
    }
    if (rest_.empty()) co_return stories;
    std::size_t used = 0;
    for (const storage::KeyValue& pair : rest_) {
      const auto id = id_of(pair.key);
      if (id && (stories.empty() || stories.back().id != *id)) {
        if (stories.size() == limit) break;
        stories.push_back(Story{.id = *id, .events = {}});
      }
      if (id) add_events(stories.back(), pair);
      ++used;
    }
    rest_.erase(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(used));
    if (!rest_.empty()) co_return stories;
  }
}

io::Task<Result<std::optional<Story>>> find_story(storage::Meta& meta, QueueId id) {
  Reader reader(meta, id);
  auto page = co_await reader.next(1);
  if (!page) co_return fail(page.error());
  if (page->empty() || page->front().id != id) co_return std::nullopt;
  co_return std::move(page->front());
}

QueueId first_id_at(WallTime when) {
  const auto since = std::chrono::floor<std::chrono::milliseconds>(when.time_since_epoch());
  const auto millis = static_cast<std::uint64_t>(std::max<std::int64_t>(since.count(), 0));
  return QueueId{millis << static_cast<unsigned>(kIdChanceBits)};
}

}  // namespace veredus::trace
