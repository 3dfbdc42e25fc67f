#include "mail/manage/summary.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <boost/json/object.hpp>

#include "base/text.h"
#include "mail/manage/json_text.h"

namespace veredus::manage {
namespace {

constexpr std::array<std::string_view, 4> kBy{"destination", "sender", "domain", "state"};

void add_message(Group& group, const queue::Envelope& envelope) {
  ++group.messages;
  group.octets += envelope.size;
  if (group.oldest == WallTime{} || envelope.received_at < group.oldest)
    group.oldest = envelope.received_at;
}

void add_recipient(Group& group, const queue::Standing& standing) {
  ++group.recipients;
  if (standing.held && !is_final(standing.state)) ++group.held;
  const bool has_error = standing.state == queue::State::deferred || is_final(standing.state);
  if (!has_error || standing.reply.empty() || standing.last_attempt < group.last_error_at) return;
  group.last_error = standing.reply;
  group.last_remote = standing.remote;
  group.last_error_at = standing.last_attempt;
}

}  // namespace

Result<GroupBy> parse_group_by(std::string_view text) {
  const auto found = std::ranges::find(kBy, text);
  if (found == kBy.end())
    return fail(Fault::malformed,
                "expected destination, sender, domain or state; found " + printable(text));
  return static_cast<GroupBy>(found - kBy.begin());
}

std::string Summary::key(const queue::Listed& listed, std::uint32_t recipient,
                         const Vantage& vantage) const {
  const queue::Recipient& whom = listed.envelope.recipients.at(recipient);
  switch (by_) {
    case GroupBy::destination:
      return vantage.destination(whom, listed.standings.at(recipient));
    case GroupBy::sender:
      return listed.envelope.sender.is_null() ? "<>" : listed.envelope.sender.address()->text();
    case GroupBy::domain:
      return std::string(whom.address.host_text());
    case GroupBy::state:
      return std::string(state_name(listed.standings.at(recipient)));
  }
  std::unreachable();
}

void Summary::add(const queue::Listed& listed, const std::vector<std::uint32_t>& recipients,
                  const Vantage& vantage) {
  if (recipients.empty()) return;
  add_message(total_, listed.envelope);
  std::set<std::string> seen;
  for (const std::uint32_t index : recipients) {
    std::string name = key(listed, index, vantage);
    if (groups_.size() >= kGroupsMax && !groups_.contains(name)) name = kOthers;
    Group& group = groups_[name];
    if (seen.insert(std::move(name)).second) add_message(group, listed.envelope);
    add_recipient(group, listed.standings.at(index));
    add_recipient(total_, listed.standings.at(index));
  }
}

boost::json::object group_view(std::string_view name, const Group& group, WallTime now) {
  const auto age = std::chrono::floor<std::chrono::seconds>(now - group.oldest);
  return {{"group", shown(name)},
          {"messages", group.messages},
          {"recipients", group.recipients},
          {"held", group.held},
          {"octets", group.octets},
          {"oldest", time_value(group.oldest)},
          {"oldest_age_seconds", group.messages == 0 ? 0 : age.count()},
          {"last_error", shown(group.last_error)},
          {"last_error_remote", shown(group.last_remote)},
          {"last_error_at", time_value(group.last_error_at)}};
}

}  // namespace veredus::manage
