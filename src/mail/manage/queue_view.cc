#include "mail/manage/queue_view.h"

#include <numeric>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "mail/manage/json_text.h"

namespace veredus::manage {
namespace {

namespace json = boost::json;

/// What keeps a recipient back longer than its own schedule; nothing when nothing does.
std::optional<json::object> pause_view(const queue::Standing& standing,
                                       const queue::DestinationView* view,
                                       const Destinations& destinations) {
  if (is_final(standing.state) || standing.held || view == nullptr) return std::nullopt;
  const auto until = destinations.until(view->paused_until);
  if (!view->held && (!until || *until <= standing.next_attempt)) return std::nullopt;
  return json::object{{"by_operator", view->held},
                      {"until", time_value(until.value_or(WallTime()))},
                      {"last_error", shown(view->last_error)}};
}

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
      {"due", !is_final(standing.state) && !standing.held && standing.next_attempt <= vantage.now},
      {"last_attempt", time_value(standing.last_attempt)},
      {"sender_warned", standing.warned},
      {"reply", shown(standing.reply)},
      {"remote", shown(standing.remote)}};
}

}  // namespace

json::object queue_view(const queue::Listed& listed, const std::vector<std::uint32_t>& recipients,
                        const Vantage& vantage, const Destinations* destinations) {
  const queue::Envelope& envelope = listed.envelope;
  json::array views;
  for (const std::uint32_t index : recipients) {
    const queue::Recipient& recipient = envelope.recipients.at(index);
    const queue::Standing& standing = listed.standings.at(index);
    json::object view = recipient_view(recipient, standing, vantage);
    if (destinations != nullptr) {
      const auto* destination = destinations->find(vantage.destination(recipient, standing));
      if (auto pause = pause_view(standing, destination, *destinations))
        view["destination_paused"] = std::move(*pause);
    }
    views.push_back(std::move(view));
  }
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
