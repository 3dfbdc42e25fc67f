// The request queue_order: carries out an order on all that a filter means, a page at a time.

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/text.h"
#include "base/utf8.h"
#include "mail/manage/handlers.h"
#include "mail/manage/json_text.h"
#include "mail/manage/queue_view.h"
#include "mail/route/router.h"

namespace veredus::manage {
namespace {

namespace json = boost::json;
using queue::Order;
using queue::OrderKind;

constexpr std::size_t kReasonMax = 500;

struct Word {
  std::string_view name;
  OrderKind kind;
};
constexpr std::array kWords{
    Word{"retry", OrderKind::retry},     Word{"hold", OrderKind::hold},
    Word{"release", OrderKind::release}, Word{"remove", OrderKind::remove},
    Word{"bounce", OrderKind::bounce},   Word{"reroute", OrderKind::reroute}};

/// A next hop's name from `host`, `host:port` or such a name. Error: malformed.
Result<std::string> route_of(const std::string& to) {
  if (to.empty()) return std::string();
  const bool is_name = to.starts_with("smtp:") || to.starts_with("lmtp:") || to.starts_with("mx:");
  if (is_name) {
    const auto next_hop = route::parse_destination(to);
    if (!next_hop) return fail(Fault::malformed, "to: " + next_hop.error().text());
    return route::destination_name(*next_hop);
  }
  const auto host = route::parse_smtp_host(to);
  if (!host) return fail(Fault::malformed, "to: expected host:port; " + host.error().text());
  return route::destination_name(*host);
}

Result<Order> order_of(const json::object& request) {
  const std::string what = string_in(request, "what");
  const auto word = std::ranges::find(kWords, what, &Word::name);
  if (word == kWords.end())
    return fail(
        Fault::malformed,
        "what: expected retry, hold, release, remove, bounce or reroute; found " + printable(what));
  auto route = route_of(string_in(request, "to"));
  if (!route) return fail(route.error());
  if (!route->empty() && word->kind != OrderKind::reroute)
    return fail(Fault::malformed, "to: only for reroute");
  Order order;
  order.kind = word->kind;
  order.route = std::move(*route);
  order.reason = readable(string_in(request, "reason"), kReasonMax);
  return order;
}

/// False for what the order would leave as it is.
bool applies(const Order& order, const queue::Standing& standing) {
  if (order.kind == OrderKind::remove) return !is_over(standing.state);
  if (is_final(standing.state)) return false;
  if (order.kind == OrderKind::hold) return !standing.held;
  if (order.kind == OrderKind::release) return standing.held;
  if (order.kind == OrderKind::reroute) return standing.route != order.route;
  return order.kind != OrderKind::retry || !standing.held;
}

struct Plan {
  Filter filter;
  Order order;
  bool is_dry_run = false;
};

Result<Plan> plan_of(const json::object& request) {
  auto filter = filter_of(request);
  if (!filter) return fail(filter.error());
  auto order = order_of(request);
  if (!order) return fail(order.error());
  if (filter->empty() && !flag_in(request, "all"))
    return fail(Fault::malformed,
                "name messages by id or filter, or say that all are meant (--all)");
  return Plan{std::move(*filter), std::move(*order), flag_in(request, "dry_run")};
}

struct Totals {
  std::size_t messages = 0;
  std::size_t recipients = 0;
  std::size_t changed = 0;
  std::size_t held = 0;          ///< Recipients that a retry leaves alone.
  std::set<std::string> paused;  ///< Destinations to which an operator lets nothing go.
};

std::string total_line(const Totals& totals, const Pages& pages) {
  json::array missing;
  for (const QueueId id : pages.missing()) missing.emplace_back(text(id));
  json::array paused;
  for (const std::string& name : totals.paused) paused.emplace_back(shown(name));
  return json::serialize(
      json::object{{"total", json::object{{"looked_at", pages.looked_at()},
                                          {"messages", totals.messages},
                                          {"recipients", totals.recipients},
                                          {"changed", totals.changed},
                                          {"held", totals.held},
                                          {"paused_destinations", std::move(paused)},
                                          {"missing", std::move(missing)}}}});
}

/// A message with the recipients that an order is for.
struct Meant {
  const queue::Listed* listed = nullptr;
  std::vector<std::uint32_t> recipients;
  std::size_t held = 0;  ///< Those that a retry passes over because they are held.
};

Meant meant_of(const Plan& plan, const queue::Listed& listed, const Vantage& vantage) {
  Meant meant{&listed, {}, 0};
  for (const std::uint32_t index : matching(plan.filter, listed, vantage)) {
    const queue::Standing& standing = listed.standings.at(index);
    if (applies(plan.order, standing))
      meant.recipients.push_back(index);
    else if (plan.order.kind == OrderKind::retry && !is_final(standing.state))
      ++meant.held;
  }
  return meant;
}

/// Those of a page that the order changes; the others are only counted.
std::vector<Meant> meant_of(const Plan& plan, const std::vector<queue::Listed>& page,
                            const Vantage& vantage, Totals& totals) {
  std::vector<Meant> all;
  for (const queue::Listed& listed : page) {
    Meant meant = meant_of(plan, listed, vantage);
    totals.held += meant.held;
    if (!meant.recipients.empty()) all.push_back(std::move(meant));
  }
  return all;
}

/// What the person who gives the order should know of these.
void note(Totals& totals, const Plan& plan, const std::vector<Meant>& page, const Vantage& vantage,
          const Destinations& destinations) {
  const OrderKind kind = plan.order.kind;
  const bool tries =
      kind == OrderKind::retry || kind == OrderKind::release || kind == OrderKind::reroute;
  totals.messages += page.size();
  for (const Meant& meant : page) {
    totals.recipients += meant.recipients.size();
    if (!tries) continue;
    for (const std::uint32_t index : meant.recipients) {
      queue::Standing standing = meant.listed->standings.at(index);
      if (kind == OrderKind::reroute) standing.route = plan.order.route;
      const std::string name =
          vantage.destination(meant.listed->envelope.recipients.at(index), standing);
      const queue::DestinationView* view = destinations.find(name);
      if (view != nullptr && view->held) totals.paused.insert(name);
    }
  }
}

io::Task<Result<>> show_page(const Asked& asked, const std::vector<Meant>& page) {
  const Vantage vantage = asked.vantage();
  for (const Meant& meant : page) {
    std::string line = json::serialize(queue_view(*meant.listed, meant.recipients, vantage));
    const Result<> put = co_await asked.sink.put(std::move(line));
    if (!put) co_return put;
  }
  co_return Result<>();
}

/// How many recipients were changed.
io::Task<Result<std::size_t>> change_page(queue::Queue& queue, const Order& order,
                                          const std::vector<Meant>& page) {
  std::vector<queue::Target> targets;
  for (const Meant& meant : page) targets.push_back({meant.listed->envelope.id, meant.recipients});
  if (targets.empty()) co_return std::size_t{0};
  auto changed = co_await queue.order(std::move(targets), order);
  co_return changed;
}

}  // namespace

io::Task<Result<>> queue_order(const Asked& asked) {
  const auto plan = plan_of(asked.request);
  if (!plan) co_return fail(plan.error());
  const auto queue = running_queue(asked.around);
  if (!queue && !plan->is_dry_run) co_return fail(queue.error());
  Totals totals;
  Pages pages(asked.around, plan->filter.ids, queue::Queue::kTargetsMax);
  // What comes after the order is not meant by it, least of all the bounces that it causes.
  const QueueId end =
      queue ? (*queue)->new_id() : QueueId{std::numeric_limits<std::uint64_t>::max()};
  const Destinations destinations = co_await destinations_of(asked.around);
  for (;;) {
    auto page = co_await pages.next();
    if (!page) co_return fail(page.error());
    std::erase_if(*page, [end](const auto& listed) { return listed.envelope.id > end; });
    if (page->empty()) break;
    const std::vector<Meant> meant = meant_of(*plan, *page, asked.vantage(), totals);
    note(totals, *plan, meant, asked.vantage(), destinations);
    if (plan->is_dry_run) {
      const Result<> put = co_await show_page(asked, meant);
      if (!put) co_return put;
    } else {
      const auto changed = co_await change_page(**queue, plan->order, meant);
      if (!changed) co_return fail(changed.error());
      totals.changed += *changed;
    }
    const Result<> put = co_await asked.sink.put(
        progress_line(asked.around, {pages.looked_at(), totals.messages, totals.changed}));
    if (!put) co_return put;
  }
  const Result<> put = co_await asked.sink.put(total_line(totals, pages));
  co_return put;
}

}  // namespace veredus::manage
