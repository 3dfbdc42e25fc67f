// Requests that look at messages: queue_list, queue_count, queue_show, queue_cat.

#include <algorithm>
#include <limits>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "mail/manage/handlers.h"
#include "mail/manage/json_text.h"
#include "mail/manage/queue_view.h"
#include "mail/manage/summary.h"
#include "mail/manage/trace_view.h"
#include "mail/trace/reader.h"
#include "wire/mime/transfer_encoding.h"

namespace veredus::manage {
namespace {

namespace json = boost::json;

Result<std::size_t> limit_of(const json::object& request) {
  const json::value* limit = request.if_contains("limit");
  if (limit == nullptr) return std::numeric_limits<std::size_t>::max();
  boost::system::error_code error;
  const auto number = limit->to_number<std::uint64_t>(error);
  if (error || number == 0)
    return fail(Fault::malformed, "limit: expected a number of messages, at least 1");
  return number;
}

io::Task<Result<Bytes>> read_chunk(const Surroundings& around, QueueId id, std::uint32_t index) {
  if (around.queue != nullptr) {
    auto chunk = co_await around.queue->body(id, index);
    co_return chunk;
  }
  auto chunk = co_await around.storage.read(storage::BlobId{static_cast<std::uint64_t>(id)}, index);
  co_return chunk;
}

}  // namespace

io::Task<Result<>> queue_list(const Asked& asked) {
  const auto filter = filter_of(asked.request);
  if (!filter) co_return fail(filter.error());
  const auto limit = limit_of(asked.request);
  if (!limit) co_return fail(limit.error());
  const Vantage vantage = asked.vantage();
  const Destinations destinations = co_await destinations_of(asked.around);
  std::size_t matched = 0;
  for (Pages pages(asked.around, filter->ids);;) {
    const auto page = co_await pages.next();
    if (!page) co_return fail(page.error());
    if (page->empty()) co_return Result<>();
    for (const queue::Listed& listed : *page) {
      const auto meant = matching(*filter, listed, vantage);
      if (meant.empty()) continue;
      std::string line = json::serialize(queue_view(listed, meant, vantage, &destinations));
      const Result<> put = co_await asked.sink.put(std::move(line));
      if (!put) co_return put;
      if (++matched == *limit) co_return Result<>();
    }
    const Result<> put =
        co_await asked.sink.put(progress_line(asked.around, {pages.looked_at(), matched, 0}));
    if (!put) co_return put;
  }
}

io::Task<Result<>> queue_count(const Asked& asked) {
  const auto filter = filter_of(asked.request);
  if (!filter) co_return fail(filter.error());
  std::string word = string_in(asked.request, "by");
  if (word.empty()) word = "destination";
  const auto by = parse_group_by(word);
  if (!by) co_return fail(Fault::malformed, "by: " + by.error().text());
  const Vantage vantage = asked.vantage();
  Summary summary(*by);
  for (Pages pages(asked.around, filter->ids);;) {
    const auto page = co_await pages.next();
    if (!page) co_return fail(page.error());
    if (page->empty()) break;
    for (const queue::Listed& listed : *page) {
      auto meant = matching(*filter, listed, vantage);
      if (filter->state.empty()) meant = without_over(std::move(meant), listed);
      summary.add(listed, meant, vantage);
    }
    const Result<> put = co_await asked.sink.put(
        progress_line(asked.around, {pages.looked_at(), summary.total().messages, 0}));
    if (!put) co_return put;
  }
  const Destinations destinations = co_await destinations_of(asked.around);
  for (const auto& [name, counted] : summary.groups()) {
    Group group = counted;
    const auto* view = *by == GroupBy::destination ? destinations.find(name) : nullptr;
    if (view != nullptr && group.last_error.empty()) group.last_error = view->last_error;
    std::string line = json::serialize(group_view(name, group, vantage.now));
    const Result<> put = co_await asked.sink.put(std::move(line));
    if (!put) co_return put;
  }
  std::string line =
      json::serialize(json::object{{"total", group_view("total", summary.total(), vantage.now)}});
  const Result<> put = co_await asked.sink.put(std::move(line));
  co_return put;
}

io::Task<Result<>> queue_show(const Asked& asked) {
  const auto id = id_of(asked.request);
  if (!id) co_return fail(id.error());
  const auto found = co_await find_message(asked.around, *id);
  if (!found) co_return fail(found.error());
  if (!*found) co_return Result<>();
  const auto story = co_await trace::find_story(asked.around.storage, *id);
  if (!story) co_return fail(story.error());
  const Destinations destinations = co_await destinations_of(asked.around);
  json::object view = queue_view(**found, all_recipients(**found), asked.vantage(), &destinations);
  view["events"] = events_view(story->value_or(trace::Story()).events, &(*found)->envelope);
  std::string line = json::serialize(view);
  const Result<> put = co_await asked.sink.put(std::move(line));
  co_return put;
}

io::Task<Result<>> queue_cat(const Asked& asked) {
  const auto id = id_of(asked.request);
  if (!id) co_return fail(id.error());
  const auto found = co_await find_message(asked.around, *id);
  if (!found) co_return fail(found.error());
  if (!*found) co_return fail(Fault::refused, text(*id) + " is not in the queue");
  for (std::uint32_t index = 0; index < (*found)->envelope.chunk_count; ++index) {
    const auto chunk = co_await read_chunk(asked.around, *id, index);
    if (!chunk) co_return fail(chunk.error());
    std::string line =
        json::serialize(json::object{{"octets", mime::encode_base64(chunk->view())}});
    const Result<> put = co_await asked.sink.put(std::move(line));
    if (!put) co_return put;
  }
  co_return Result<>();
}

}  // namespace veredus::manage
