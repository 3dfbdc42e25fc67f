// The request trace: a message's story, by its id, an address or a Message-ID.

#include <algorithm>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/amount.h"
#include "base/text.h"
#include "mail/manage/handlers.h"
#include "mail/manage/json_text.h"
#include "mail/manage/queue_view.h"
#include "mail/manage/trace_view.h"
#include "mail/manage/words.h"
#include "mail/queue/events.h"
#include "mail/trace/reader.h"

namespace veredus::manage {
namespace {

namespace json = boost::json;

constexpr std::size_t kPage = 200;

/// A request, and the destinations as they stood when it came.
struct Tracing {
  const Asked& asked;
  const Destinations& destinations;
};

/// What comes next for each group of recipients that wait.
json::array next_of(const Tracing& tracing, const queue::Listed& listed) {
  const Vantage vantage = tracing.asked.vantage();
  json::array next;
  for (const auto& group : waiting_groups(listed, all_recipients(listed), vantage)) {
    const queue::Standing& standing = listed.standings.at(group.front());
    const Circumstances now =
        circumstances(tracing.asked.around,
                      vantage.destination(listed.envelope.recipients.at(group.front()), standing),
                      tracing.destinations);
    json::array recipients;
    for (const std::uint32_t index : group)
      recipients.emplace_back(shown(listed.envelope.recipients.at(index).address.text()));
    next.push_back(json::object{{"recipients", std::move(recipients)},
                                {"blocker", name(blocker(standing, now))},
                                {"text", blocker_words(listed.envelope.id, standing, now)}});
  }
  return next;
}

/// Puts one message's story; `listed` is what of it is in the queue.
io::Task<Result<>> tell(const Tracing& tracing, const trace::Story& story,
                        const std::optional<queue::Listed>& listed) {
  json::object view{{"id", text(story.id)}, {"in_queue", listed.has_value()}};
  view["events"] = events_view(story.events, listed ? &listed->envelope : nullptr);
  view["next"] = listed ? next_of(tracing, *listed) : json::array();
  std::string line = json::serialize(view);
  const Result<> put = co_await tracing.asked.sink.put(std::move(line));
  co_return put;
}

io::Task<Result<>> trace_id(const Tracing& tracing, QueueId id) {
  const auto listed = co_await find_message(tracing.asked.around, id);
  if (!listed) co_return fail(listed.error());
  const auto story = co_await trace::find_story(tracing.asked.around.storage, id);
  if (!story) co_return fail(story.error());
  if (!*story && !*listed) co_return Result<>();
  const trace::Story told = story->value_or(trace::Story{.id = id, .events = {}});
  const Result<> put = co_await tell(tracing, told, *listed);
  co_return put;
}

/// The stories that are kept, in order of id.
io::Task<Result<>> trace_kept(const Tracing& tracing, std::string subject, QueueId from) {
  std::size_t looked_at = 0;
  std::size_t matched = 0;
  trace::Reader reader(tracing.asked.around.storage, from);
  for (;;) {
    const auto page = co_await reader.next(kPage);
    if (!page) co_return fail(page.error());
    if (page->empty()) co_return Result<>();
    looked_at += page->size();
    for (const trace::Story& story : *page) {
      if (!story.is_about(subject)) continue;
      ++matched;
      const auto listed = co_await find_message(tracing.asked.around, story.id);
      if (!listed) co_return fail(listed.error());
      const Result<> put = co_await tell(tracing, story, *listed);
      if (!put) co_return put;
    }
    const Result<> put = co_await tracing.asked.sink.put(
        progress_line(tracing.asked.around, {looked_at, matched, 0}));
    if (!put) co_return put;
  }
}

/// Messages of which no event is kept: those that were not tried yet.
io::Task<Result<>> trace_queued(const Tracing& tracing, std::string subject, QueueId from) {
  const std::vector<QueueId> all;
  for (Pages pages(tracing.asked.around, all);;) {
    const auto page = co_await pages.next();
    if (!page) co_return fail(page.error());
    if (page->empty()) co_return Result<>();
    for (const queue::Listed& listed : *page) {
      trace::Story story{.id = listed.envelope.id,
                         .events = {queue::accepted_event(listed.envelope)}};
      if (story.id < from || !story.is_about(subject)) continue;
      const auto kept = co_await trace::find_story(tracing.asked.around.storage, story.id);
      if (!kept) co_return fail(kept.error());
      if (*kept) continue;
      const Result<> put = co_await tell(tracing, story, listed);
      if (!put) co_return put;
    }
    const Result<> put = co_await tracing.asked.sink.put(
        progress_line(tracing.asked.around, {pages.looked_at(), 0, 0}));
    if (!put) co_return put;
  }
}

}  // namespace

io::Task<Result<>> trace_request(const Asked& asked) {
  const std::string subject = string_in(asked.request, "subject");
  const Destinations destinations = co_await destinations_of(asked.around);
  const Tracing tracing{asked, destinations};
  if (const auto id = parse_queue_id(subject)) {
    const Result<> told = co_await trace_id(tracing, *id);
    co_return told;
  }
  if (subject.empty() || !subject.contains('@'))
    co_return fail(Fault::malformed, "subject: expected a queue id, an address or a Message-ID");
  QueueId from{};
  if (const std::string since = string_in(asked.request, "since"); !since.empty()) {
    const auto age = parse_duration(since);
    if (!age) co_return fail(Fault::malformed, "since: " + age.error().text());
    from = trace::first_id_at(asked.around.clock.wall() - *age);
  }
  const Result<> kept = co_await trace_kept(tracing, subject, from);
  if (!kept) co_return kept;
  const Result<> queued = co_await trace_queued(tracing, subject, from);
  co_return queued;
}

}  // namespace veredus::manage
