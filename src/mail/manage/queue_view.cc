#include "mail/manage/queue_view.h"

#include <numeric>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "mail/manage/json_text.h"

namespace veredus::manage {
namespace {

namespace json = boost::json;

json::object recipient_view(const queue::Recipient& recipient, const queue::Standing& standing,
                            const Vantage& vantage) {
  return {
      {"address", shown(recipient.address.text())},
      {"original", shown(recipient.original)},
      {"state", queue::name(standing.state)},
      {"held", standing.held},
      {"destination", shown(vantage.destination(recipient, standing))},
      {"rerouted", !standing.route.empty()},
      {"attempts", standing.attempts},
      {"next_attempt", standing.state == queue::State::deferred ? time_value(standing.next_attempt)
                                                                : json::value(nullptr)},
      {"last_attempt", time_value(standing.last_attempt)},
      {"sender_warned", standing.warned},
      {"reply", shown(standing.reply)},
      {"remote", shown(standing.remote)}};
}

}  // namespace

json::object queue_view(const queue::Listed& listed, const std::vector<std::uint32_t>& recipients,
                        const Vantage& vantage) {
  const queue::Envelope& envelope = listed.envelope;
  json::array views;
  for (const std::uint32_t index : recipients)
    views.push_back(
        recipient_view(envelope.recipients.at(index), listed.standings.at(index), vantage));
  const auto age = std::chrono::floor<std::chrono::seconds>(vantage.now - envelope.received_at);
  return {{"id", text(envelope.id)},
          {"received", time_value(envelope.received_at)},
          {"age_seconds", age.count()},
          {"size", envelope.size},
          {"sender", envelope.sender.is_null() ? "" : shown(envelope.sender.address()->text())},
          {"client", shown(envelope.origin.client)},
          {"helo", shown(envelope.origin.helo)},
          {"protocol", shown(envelope.origin.protocol)},
          {"account", shown(envelope.origin.auth_identity)},
          {"message_id", shown(envelope.message_id)},
          {"recipients", std::move(views)}};
}

std::vector<std::uint32_t> all_recipients(const queue::Listed& listed) {
  std::vector<std::uint32_t> all(listed.envelope.recipients.size());
  std::iota(all.begin(), all.end(), 0U);
  return all;
}

}  // namespace veredus::manage
