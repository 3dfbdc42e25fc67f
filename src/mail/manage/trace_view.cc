#include "mail/manage/trace_view.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "mail/manage/json_text.h"
#include "mail/queue/events.h"

namespace veredus::manage {
namespace {

namespace json = boost::json;

void put(json::object& object, std::string_view name, const std::string& text) {
  if (!text.empty()) object[name] = shown(text);
}

void put_accepted(json::object& object, const trace::Event& event) {
  object["sender"] = shown(event.sender);
  object["size"] = event.size;
  put(object, "client", event.client);
  put(object, "helo", event.helo);
  put(object, "protocol", event.protocol);
  put(object, "tls", event.tls);
  put(object, "account", event.account);
  put(object, "message_id", event.message_id);
}

void put_attempt(json::object& object, const trace::Event& event) {
  put(object, "state", event.state);
  object["attempt"] = event.attempt;
  put(object, "destination", event.destination);
  put(object, "passed_over", event.passed_over);
  put(object, "remote", event.remote);
  put(object, "tls", event.tls);
  put(object, "reply", event.reply);
  object["duration_ms"] = event.duration.count();
  if (event.next_attempt != WallTime{}) object["next_attempt"] = time_value(event.next_attempt);
}

}  // namespace

json::object event_view(const trace::Event& event) {
  json::object object{{"event", trace::name(event.kind)}, {"at", precise_time_value(event.at)}};
  json::array& recipients = object["recipients"].emplace_array();
  for (const std::string& recipient : event.recipients) recipients.emplace_back(shown(recipient));
  if (event.kind == trace::Kind::accepted) put_accepted(object, event);
  if (event.kind == trace::Kind::attempt) put_attempt(object, event);
  put(object, "text", event.text);
  if (event.related != QueueId{}) object["related"] = text(event.related);
  return object;
}

json::array events_view(const std::vector<trace::Event>& events, const queue::Envelope* envelope) {
  json::array views;
  const bool is_told =
      std::ranges::find(events, trace::Kind::accepted, &trace::Event::kind) != events.end();
  if (!is_told && envelope != nullptr)
    views.push_back(event_view(queue::accepted_event(*envelope)));
  for (const trace::Event& event : events) views.push_back(event_view(event));
  return views;
}

}  // namespace veredus::manage
