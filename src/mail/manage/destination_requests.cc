// Requests about destinations: destination_list, destination_pause, destination_resume.

#include <algorithm>
#include <map>
#include <string>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/text.h"
#include "mail/manage/handlers.h"
#include "mail/manage/json_text.h"
#include "mail/manage/summary.h"
#include "mail/route/router.h"

namespace veredus::manage {
namespace {

namespace json = boost::json;

/// `group` is what of the queue goes there.
json::object destination_view(const Destinations& destinations, const queue::DestinationView& view,
                              const Group& group) {
  const auto until = [&](const std::optional<SteadyTime>& when) {
    return time_value(destinations.until(when).value_or(WallTime()));
  };
  // What a message of it says is from whom and when; the destination may know of a later failure.
  const bool is_later = !view.last_error.empty() && view.last_error != group.last_error;
  return {{"destination", shown(view.name)},
          {"limit", view.limit},
          {"messages", group.messages},
          {"waiting", view.waiting},
          {"deferred", view.deferred},
          {"held", group.held},
          {"workers", view.workers},
          {"workers_max", view.allowed},
          {"failures", view.failures},
          {"paused", view.held},
          {"left_alone_until", until(view.paused_until)},
          {"rate_limited_until", until(view.rate_limited_until)},
          {"last_error", shown(is_later ? view.last_error : group.last_error)},
          {"last_error_remote", is_later ? std::string() : shown(group.last_remote)},
          {"last_error_at", time_value(is_later ? WallTime() : group.last_error_at)}};
}

io::Task<Result<Summary>> summarize(const Asked& asked) {
  Summary summary(GroupBy::destination);
  const Vantage vantage = asked.vantage();
  const std::vector<QueueId> all;
  for (Pages pages(asked.around, all);;) {
    const auto page = co_await pages.next();
    if (!page) co_return fail(page.error());
    if (page->empty()) co_return summary;
    for (const queue::Listed& listed : *page)
      summary.add(listed, without_over(matching(Filter(), listed, vantage), listed), vantage);
    const Result<> put = co_await asked.sink.put(
        progress_line(asked.around, {pages.looked_at(), summary.total().messages, 0}));
    if (!put) co_return fail(put.error());
  }
}

/// Where mail for a domain goes, if that is for this domain alone. Error: refused or malformed.
Result<std::string> own_destination(const Surroundings& around, const std::string& domain) {
  auto address = smtp::Address::parse("postmaster@" + domain);
  if (!address)
    return fail(Fault::malformed,
                printable(domain) +
                    " is neither a destination, such as mx:far.example or smtp:relay.example:587, "
                    "nor a domain");
  queue::Recipient recipient{.address = *address, .original = {}, .orcpt = {}, .notify = {}};
  std::string destination = around.destination_of(recipient);
  if (iequals(destination_host(destination), domain)) return destination;
  return fail(Fault::refused, "mail for " + domain + " goes to " + destination +
                                  ", which may take other mail too: pause that by its name, "
                                  "or hold the mail with `veredus queue hold --domain " +
                                  domain + '`');
}

/// The destination that is named, in full or by its host alone.
Result<std::string> named_destination(const Surroundings& around, const std::string& text,
                                      const Destinations& destinations) {
  if (destinations.find(text) != nullptr) return text;
  if (const auto next_hop = route::parse_destination(text))
    return route::destination_name(*next_hop);
  std::string found;
  for (const queue::DestinationView& view : destinations.all()) {
    if (!is_destination(text, view.name)) continue;
    if (!found.empty())
      return fail(Fault::refused, text + " is both " + found + " and " + view.name + ": name one");
    found = view.name;
  }
  if (!found.empty()) return found;
  return own_destination(around, ascii_lower(text));
}

io::Task<Result<>> change(const Asked& asked, bool is_pause) {
  const auto queue = running_queue(asked.around);
  if (!queue) co_return fail(queue.error());
  const Destinations destinations = co_await destinations_of(asked.around);
  const auto destination =
      named_destination(asked.around, string_in(asked.request, "destination"), destinations);
  if (!destination) co_return fail(destination.error());
  Result<> done;
  if (is_pause)
    done = co_await (*queue)->pause(*destination);
  else
    done = co_await (*queue)->resume(*destination);
  if (!done) co_return done;
  std::string line =
      json::serialize(json::object{{"destination", shown(*destination)},
                                   {"paused", is_pause},
                                   {"was_known", destinations.find(*destination) != nullptr}});
  const Result<> put = co_await asked.sink.put(std::move(line));
  co_return put;
}

}  // namespace

io::Task<Result<>> destination_list(const Asked& asked) {
  const auto queue = running_queue(asked.around);
  if (!queue)
    co_return fail(Fault::unavailable,
                   "no server runs: there are no connections to tell of; `veredus queue count` "
                   "tells what waits");
  const Destinations destinations = co_await destinations_of(asked.around);
  const auto summary = co_await summarize(asked);
  if (!summary) co_return fail(summary.error());
  for (const queue::DestinationView& view : destinations.all()) {
    const auto group = summary->groups().find(view.name);
    std::string line = json::serialize(destination_view(
        destinations, view, group == summary->groups().end() ? Group() : group->second));
    const Result<> put = co_await asked.sink.put(std::move(line));
    if (!put) co_return put;
  }
  co_return Result<>();
}

io::Task<Result<>> destination_pause(const Asked& asked) {
  const Result<> done = co_await change(asked, true);
  co_return done;
}

io::Task<Result<>> destination_resume(const Asked& asked) {
  const Result<> done = co_await change(asked, false);
  co_return done;
}

}  // namespace veredus::manage
