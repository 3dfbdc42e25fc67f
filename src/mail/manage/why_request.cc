// The request queue_why: about a message, an address, a domain or a destination.

#include <algorithm>
#include <map>
#include <tuple>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/text.h"
#include "mail/manage/handlers.h"
#include "mail/manage/json_text.h"
#include "mail/manage/queue_view.h"
#include "mail/manage/words.h"

namespace veredus::manage {
namespace {

namespace json = boost::json;

/// Paragraphs about single messages; of more than these there is a summary.
constexpr std::size_t kMessagesTold = 3;
/// Groups of recipients of one message that are told of, one paragraph each.
constexpr std::size_t kGroupsTold = 20;

io::Task<Result<>> tell(const Asked& asked, std::string subject, std::string blocked,
                        std::string paragraph) {
  std::string line = json::serialize(
      json::object{{"subject", subject}, {"blocker", blocked}, {"text", paragraph}});
  const Result<> put = co_await asked.sink.put(std::move(line));
  co_return put;
}

/// A paragraph for each group of recipients among these that stand alike.
io::Task<Result<>> tell_message(const Asked& asked, const queue::Listed& listed,
                                const std::vector<std::uint32_t>& among) {
  const Vantage vantage = asked.vantage();
  const Destinations destinations = co_await destinations_of(asked.around);
  const auto groups = waiting_groups(listed, among, vantage);
  const std::string id = text(listed.envelope.id);
  for (std::size_t i = 0; i < std::min(groups.size(), kGroupsTold); ++i) {
    const std::uint32_t first = groups[i].front();
    const Circumstances now = circumstances(
        asked.around,
        vantage.destination(listed.envelope.recipients.at(first), listed.standings.at(first)),
        destinations);
    const Result<> told =
        co_await tell(asked, id, std::string(name(blocker(listed.standings.at(first), now))),
                      why_message(listed, groups[i], now));
    if (!told) co_return told;
  }
  if (groups.empty()) {
    const Result<> told = co_await tell(asked, id, "over", "Nothing of " + id + " waits any more.");
    co_return told;
  }
  if (groups.size() > kGroupsTold) {
    const Result<> told = co_await tell(
        asked, id, "",
        count_words(groups.size() - kGroupsTold, "other group") +
            " of its recipients stand otherwise: `veredus queue show " + id + "` has them all.");
    co_return told;
  }
  co_return Result<>();
}

io::Task<Result<>> why_id(const Asked& asked, QueueId id) {
  const auto found = co_await find_message(asked.around, id);
  if (!found) co_return fail(found.error());
  if (!*found)
    co_return fail(Fault::refused, text(id) +
                                       " is not in the queue: it is done with, or never was here; "
                                       "`veredus trace " +
                                       text(id) + "` tells what is known of it");
  const Result<> told = co_await tell_message(asked, **found, all_recipients(**found));
  co_return told;
}

/// What of the queue a subject is about: some of the messages, and all of them counted.
struct Found {
  struct One {
    queue::Listed listed;
    std::vector<std::uint32_t> recipients;
  };
  std::vector<One> first;  ///< At most kMessagesTold.
  Summary summary{GroupBy::destination};
};

/// Takes what is not over yet of the messages that one of the filters means.
void add(Found& found, const queue::Listed& listed, const std::vector<Filter>& filters,
         const Vantage& vantage) {
  std::vector<std::uint32_t> meant;
  for (const Filter& filter : filters)
    if (meant.empty()) meant = matching(filter, listed, vantage);
  meant = without_over(std::move(meant), listed);
  if (meant.empty()) return;
  found.summary.add(listed, meant, vantage);
  if (found.first.size() < kMessagesTold) found.first.push_back({listed, std::move(meant)});
}

io::Task<Result<Found>> gather(const Asked& asked, std::vector<Filter> filters) {
  Found found;
  const Vantage vantage = asked.vantage();
  const std::vector<QueueId> all;
  for (Pages pages(asked.around, all);;) {
    const auto page = co_await pages.next();
    if (!page) co_return fail(page.error());
    if (page->empty()) co_return found;
    for (const queue::Listed& listed : *page) add(found, listed, filters, vantage);
    const Result<> put = co_await asked.sink.put(
        progress_line(asked.around, {pages.looked_at(), found.summary.total().messages, 0}));
    if (!put) co_return fail(put.error());
  }
}

io::Task<Result<>> tell_destinations(const Asked& asked, std::string subject, const Found& found) {
  const Destinations destinations = co_await destinations_of(asked.around);
  for (const auto& [name, group] : found.summary.groups()) {
    const Circumstances now = circumstances(asked.around, name, destinations);
    const Result<> told = co_await tell(asked, subject, "", why_destination(group, now));
    if (!told) co_return told;
  }
  for (const queue::DestinationView& view : destinations.all()) {
    if (found.summary.groups().contains(view.name) || !is_destination(subject, view.name)) continue;
    const Circumstances now = circumstances(asked.around, view.name, destinations);
    const Result<> told = co_await tell(asked, subject, "", why_destination(Group(), now));
    if (!told) co_return told;
  }
  co_return Result<>();
}

io::Task<Result<>> why_many(const Asked& asked, std::string subject, std::vector<Filter> filters) {
  const auto found = co_await gather(asked, std::move(filters));
  if (!found) co_return fail(found.error());
  const bool one_by_one = subject.contains('@');
  if (found->summary.total().messages == 0 && one_by_one) {
    const Result<> told = co_await tell(asked, subject, "",
                                        "Nothing in the queue is from or for " + shown(subject) +
                                            "; `veredus trace " + shown(subject) +
                                            "` tells what became of earlier mail.");
    co_return told;
  }
  if (found->summary.total().messages == 0) {
    const Destinations destinations = co_await destinations_of(asked.around);
    const bool is_known = std::ranges::any_of(
        destinations.all(), [&](const auto& view) { return is_destination(subject, view.name); });
    if (!is_known) {
      const Result<> told =
          co_await tell(asked, subject, "", "Nothing in the queue is for " + shown(subject) + ".");
      co_return told;
    }
  }
  if (!one_by_one || found->summary.total().messages > kMessagesTold) {
    const Result<> told = co_await tell_destinations(asked, subject, *found);
    co_return told;
  }
  for (const Found::One& one : found->first) {
    const Result<> told = co_await tell_message(asked, one.listed, one.recipients);
    if (!told) co_return told;
  }
  co_return Result<>();
}

}  // namespace

Circumstances circumstances(const Surroundings& around, std::string destination,
                            const Destinations& destinations) {
  Circumstances now;
  now.now = destinations.moment().wall;
  now.steady_now = destinations.moment().steady;
  now.server_runs = around.queue != nullptr;
  now.expire = around.expire;
  now.bounce_expire = around.bounce_expire;
  if (const queue::DestinationView* view = destinations.find(destination)) now.view = *view;
  now.destination = std::move(destination);
  return now;
}

std::vector<std::vector<std::uint32_t>> waiting_groups(const queue::Listed& listed,
                                                       const std::vector<std::uint32_t>& among,
                                                       const Vantage& vantage) {
  using Key = std::tuple<std::string, queue::State, bool, std::uint32_t, WallTime, std::string>;
  std::map<Key, std::vector<std::uint32_t>> groups;
  for (const std::uint32_t index : among) {
    const queue::Standing& standing = listed.standings.at(index);
    if (is_over(standing.state)) continue;
    groups[{vantage.destination(listed.envelope.recipients.at(index), standing), standing.state,
            standing.held, standing.attempts, standing.next_attempt, standing.reply}]
        .push_back(index);
  }
  std::vector<std::vector<std::uint32_t>> out;
  for (auto& [key, group] : groups) out.push_back(std::move(group));
  return out;
}

io::Task<Result<>> queue_why(const Asked& asked) {
  const std::string subject = string_in(asked.request, "subject");
  if (const auto id = parse_queue_id(subject)) {
    const Result<> told = co_await why_id(asked, *id);
    co_return told;
  }
  if (subject.empty())
    co_return fail(Fault::malformed,
                   "subject: expected a queue id, an address, a domain or a destination");
  std::vector<Filter> filters(2);
  const bool is_address = subject.contains('@');
  const Result<> one = set(filters[0], is_address ? "recipient" : "domain", subject);
  const Result<> other = set(filters[1], is_address ? "sender" : "destination", subject);
  if (!one || !other)
    co_return fail(Fault::malformed, "subject: " + (one ? other : one).error().text());
  const Result<> told = co_await why_many(asked, subject, std::move(filters));
  co_return told;
}

}  // namespace veredus::manage
