#include "mail/manage/requests.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/text.h"
#include "mail/manage/handlers.h"
#include "mail/manage/json_text.h"

namespace veredus::manage {
namespace {

namespace json = boost::json;

struct Handler {
  std::string_view name;
  io::Task<Result<>> (*answer)(const Asked&);
};

constexpr std::array kHandlers{Handler{"queue_list", queue_list},
                               Handler{"queue_count", queue_count},
                               Handler{"queue_show", queue_show},
                               Handler{"queue_cat", queue_cat},
                               Handler{"queue_why", queue_why},
                               Handler{"queue_order", queue_order},
                               Handler{"destination_list", destination_list},
                               Handler{"destination_pause", destination_pause},
                               Handler{"destination_resume", destination_resume},
                               Handler{"trace", trace_request},
                               Handler{"status", status},
                               Handler{"domain_add", domain_add},
                               Handler{"domain_list", domain_list},
                               Handler{"domain_remove", domain_remove},
                               Handler{"account_add", account_add},
                               Handler{"account_list", account_list},
                               Handler{"account_show", account_show},
                               Handler{"account_set", account_set},
                               Handler{"account_remove", account_remove},
                               Handler{"account_password", account_password},
                               Handler{"app_password_add", app_password_add},
                               Handler{"app_password_remove", app_password_remove},
                               Handler{"alias_add", alias_add},
                               Handler{"alias_list", alias_list},
                               Handler{"alias_remove", alias_remove}};

}  // namespace

io::Task<Result<>> answer_request(const Surroundings& surroundings, std::string request,
                                  LineSink& sink) {
  boost::system::error_code error;
  const json::value parsed = json::parse(request, error);
  if (error) co_return fail(Fault::malformed, "not a JSON object: " + error.message());
  const json::object* object = parsed.if_object();
  if (object == nullptr) co_return fail(Fault::malformed, "not a JSON object");
  const std::string name = string_in(*object, "request");
  const auto handler = std::ranges::find(kHandlers, name, &Handler::name);
  if (handler == kHandlers.end())
    co_return fail(Fault::malformed, "no such request: " + printable(name));
  const Asked asked{surroundings, *object, sink};
  if (name.starts_with("domain_") || name.starts_with("account_") || name.starts_with("alias_") ||
      name.starts_with("app_password_"))
    if (surroundings.directory == nullptr || surroundings.workers == nullptr)
      co_return fail(Fault::unavailable, "there is no directory here");
  const Result<> answered = co_await handler->answer(asked);
  co_return answered;
}

Result<Filter> filter_of(const json::object& request) {
  const json::value* filter = request.if_contains("filter");
  if (filter == nullptr) return Filter();
  if (!filter->is_object()) return fail(Fault::malformed, "filter: expected an object");
  return parse_filter(filter->get_object());
}

Result<QueueId> id_of(const json::object& request) {
  const std::string given = string_in(request, "id");
  const auto id = parse_queue_id(given);
  if (!id)
    return fail(Fault::malformed, printable(given) +
                                      " is not a queue id: those are 13 letters and digits, as in "
                                      "the reply to DATA");
  return *id;
}

Result<queue::Queue*> running_queue(const Surroundings& around) {
  if (around.queue != nullptr) return around.queue;
  return fail(Fault::unavailable,
              "no server runs, and only a running one changes its queue: start it with "
              "`veredus serve`");
}

io::Task<Result<>> status(const Asked& asked) {
  const auto queue = running_queue(asked.around);
  if (!queue) co_return fail(Fault::unavailable, "no server runs: it has no status");
  const Status now = asked.around.status();
  std::string line = json::serialize(json::object{
      {"messages", now.messages},
      {"sessions", now.sessions},
      {"storage",
       json::object{{"commits", now.commits}, {"writes", now.writes}, {"flushes", now.flushes}}}});
  const Result<> put = co_await asked.sink.put(std::move(line));
  co_return put;
}

}  // namespace veredus::manage
