#include "mail/manage/queue_view.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/chrono.h>

#include "base/text.h"

namespace veredus::manage {
namespace {

namespace json = boost::json;

constexpr std::size_t kTextMax = 4096;

/// JSON is UTF-8; what a peer said need not be.
std::string shown(const std::string& text) { return printable(text, kTextMax); }

json::value time_text(WallTime when) {
  if (when == WallTime{}) return nullptr;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(when);
  return json::string(fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", seconds));
}

json::object recipient(const queue::Recipient& recipient, const queue::Standing& standing) {
  return {
      {"address", shown(recipient.address.text())},
      {"original", shown(recipient.original)},
      {"state", queue::name(standing.state)},
      {"attempts", standing.attempts},
      {"next_attempt", standing.state == queue::State::deferred ? time_text(standing.next_attempt)
                                                                : json::value(nullptr)},
      {"last_attempt", time_text(standing.last_attempt)},
      {"reply", shown(standing.reply)},
      {"remote", shown(standing.remote)}};
}

}  // namespace

std::string to_json(const queue::Listed& listed, WallTime now) {
  const queue::Envelope& envelope = listed.envelope;
  json::array recipients;
  for (std::size_t i = 0; i < envelope.recipients.size(); ++i)
    recipients.push_back(recipient(envelope.recipients[i], listed.standings.at(i)));
  const auto age = std::chrono::floor<std::chrono::seconds>(now - envelope.received_at);
  const json::object message{
      {"id", text(envelope.id)},
      {"received", time_text(envelope.received_at)},
      {"age_seconds", age.count()},
      {"size", envelope.size},
      {"sender", envelope.sender.address() ? shown(envelope.sender.address()->text()) : ""},
      {"client", envelope.origin.client},
      {"helo", shown(envelope.origin.helo)},
      {"protocol", envelope.origin.protocol},
      {"message_id", shown(envelope.message_id)},
      {"recipients", std::move(recipients)}};
  return json::serialize(message);
}

}  // namespace veredus::manage
