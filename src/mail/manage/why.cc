#include "mail/manage/why.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/utf8.h"
#include "mail/manage/json_text.h"
#include "mail/manage/words.h"

namespace veredus::manage {
namespace {

using queue::DestinationView;
using queue::Standing;
using queue::State;

constexpr std::size_t kAddressesNamed = 3;
constexpr std::size_t kReplyMax = 500;

std::string quoted_reply(const std::string& reply) { return readable(reply, kReplyMax); }

WallTime to_wall(SteadyTime when, const Circumstances& now) {
  return now.now + std::chrono::duration_cast<WallTime::duration>(when - now.steady_now);
}

bool is_later(const std::optional<SteadyTime>& when, const Circumstances& now) {
  return when && *when > now.steady_now;
}

std::string paused_words(const Circumstances& now) {
  return fmt::format(
      "The destination {0} is paused by an operator: nothing is sent there until "
      "`veredus queue resume {0}`.",
      now.destination);
}

/// `said`: what was said already of the failure; else the destination's own account is given.
std::string failing_words(const std::string& said, const Circumstances& now) {
  const DestinationView& view = *now.view;
  std::string out = fmt::format(
      "The destination {0} failed{1} and is left alone until {2}; "
      "`veredus queue resume {0}` ends that at once.",
      now.destination, view.failures > 1 ? fmt::format(" {} times in a row", view.failures) : "",
      when_words(to_wall(*view.paused_until, now), now.now));
  if (view.last_error.empty() || view.last_error == said) return out;
  out += " Its last failure: " + quoted_reply(view.last_error);
  return out + (view.last_error.ends_with('.') ? "" : ".");
}

std::string rate_words(const Circumstances& now) {
  const DestinationView& view = *now.view;
  return fmt::format(
      "The destination {} has had as many messages a minute as {} allows; the next one may go at "
      "{}. The configuration sets that limit.",
      now.destination,
      view.limit.empty() ? std::string("its limit") : "the limit `" + view.limit + "`",
      when_words(to_wall(*view.rate_limited_until, now), now.now));
}

std::string connections_words(const Circumstances& now) {
  const DestinationView& view = *now.view;
  const std::string under =
      view.limit.empty() ? std::string() : " under the limit `" + view.limit + "`";
  return fmt::format(
      "All {} that {} may have now{} are busy, and {} more wait for one: it goes out when its turn "
      "comes. The number grows while they succeed.",
      count_words(view.workers, "connection"), now.destination, under, view.waiting);
}

std::string back_off_words(QueueId id, const Standing& standing, const Circumstances& now) {
  return fmt::format(
      "It waits for its next attempt at {}; `veredus queue retry {}` tries it at once.",
      when_words(standing.next_attempt, now.now), text(id));
}

std::string held_words(QueueId id) {
  return fmt::format(
      "It is held by an operator: nothing is tried until `veredus queue release {}`.", text(id));
}

/// Who is meant, such as "<a@b>, <c@d>, <e@f> and 17 others".
std::string addresses(const queue::Envelope& envelope, const std::vector<std::uint32_t>& indexes) {
  std::string out;
  const std::size_t named = std::min(indexes.size(), kAddressesNamed);
  for (std::size_t i = 0; i < named; ++i) {
    const bool last = i + 1 == indexes.size();
    if (i > 0) out += last ? " and " : ", ";
    out += '<' + shown(envelope.recipients.at(indexes[i]).address.text()) + '>';
  }
  if (indexes.size() > named)
    out += fmt::format(" and {}", count_words(indexes.size() - named, "other"));
  return out;
}

std::string attempts_words(const Standing& standing, WallTime now) {
  if (standing.attempts == 0) return "It was not tried yet.";
  const std::string ago =
      duration_words(std::chrono::floor<std::chrono::seconds>(now - standing.last_attempt));
  std::string out =
      standing.attempts == 1
          ? fmt::format("It was tried once, {} ago", ago)
          : fmt::format("It was tried {} times, the last time {} ago", standing.attempts, ago);
  if (standing.reply.empty()) return out + '.';
  out += ": " + verdict_words(shown(standing.remote), quoted_reply(standing.reply));
  return out + (standing.reply.ends_with('.') ? "" : ".");
}

std::string expiry_words(const queue::Envelope& envelope, const Standing& standing,
                         const Circumstances& now) {
  if (standing.held) return "It does not expire while it is held.";
  const bool is_bounce = envelope.sender.is_null();
  const auto expire = is_bounce ? std::min(now.expire, now.bounce_expire) : now.expire;
  return fmt::format("An attempt that fails after {} is the last one: then {}.",
                     when_words(envelope.received_at + expire, now.now),
                     is_bounce
                         ? "it is given up, and nobody is told, for its sender is the null one"
                         : "it is given up and the sender told");
}

/// `said`: the failure that was told of already.
std::string destination_words(const std::string& said, const Circumstances& now) {
  if (!now.server_runs) return "No server runs: nothing is tried until `veredus serve` is started.";
  if (!now.view) return "Nothing there is ready to be sent now.";
  if (now.view->held) return paused_words(now);
  if (is_later(now.view->paused_until, now)) return failing_words(said, now);
  if (now.view->waiting > 0 && is_later(now.view->rate_limited_until, now)) return rate_words(now);
  if (now.view->waiting > 0 && now.view->workers >= now.view->allowed)
    return connections_words(now);
  if (now.view->workers > 0)
    return fmt::format("{} at work there.", count_words(now.view->workers, "connection"));
  return "All of it waits for its next attempt.";
}

}  // namespace

std::string_view name(Blocker blocker) noexcept {
  constexpr std::array<std::string_view, 11> kNames{"over",
                                                    "failed",
                                                    "held",
                                                    "no_server",
                                                    "destination_paused",
                                                    "destination_failing",
                                                    "back_off",
                                                    "rate_limit",
                                                    "connections",
                                                    "trying",
                                                    "about_to_be"};
  return kNames.at(static_cast<std::size_t>(blocker));
}

Blocker blocker(const Standing& standing, const Circumstances& now) {
  if (is_over(standing.state)) return Blocker::over;
  if (standing.state == State::failed) return Blocker::failed;
  if (standing.held) return Blocker::held;
  if (!now.server_runs) return Blocker::no_server;
  const bool waits = standing.state == State::deferred && standing.next_attempt > now.now;
  if (!now.view) return waits ? Blocker::back_off : Blocker::about_to_be;
  const DestinationView& view = *now.view;
  if (view.held) return Blocker::destination_paused;
  const bool is_failing = is_later(view.paused_until, now);
  if (is_failing && (!waits || to_wall(*view.paused_until, now) > standing.next_attempt))
    return Blocker::destination_failing;
  if (waits) return Blocker::back_off;
  if (view.waiting > 0 && is_later(view.rate_limited_until, now)) return Blocker::rate_limit;
  if (view.waiting > 0 && view.workers >= view.allowed) return Blocker::connections;
  return view.workers > 0 ? Blocker::trying : Blocker::about_to_be;
}

std::string blocker_words(QueueId id, const Standing& standing, const Circumstances& now) {
  switch (blocker(standing, now)) {
    case Blocker::over:
      return fmt::format("Nothing more is to be done for it: it was {}.",
                         queue::name(standing.state));
    case Blocker::failed:
      return "It is given up for good, and the sender is about to be told.";
    case Blocker::held:
      return held_words(id);
    case Blocker::no_server:
      return "No server runs: nothing is tried until `veredus serve` is started.";
    case Blocker::destination_paused:
      return paused_words(now);
    case Blocker::destination_failing:
      return failing_words(standing.reply, now);
    case Blocker::back_off:
      return back_off_words(id, standing, now);
    case Blocker::rate_limit:
      return rate_words(now);
    case Blocker::connections:
      return connections_words(now);
    case Blocker::trying:
      return fmt::format("It is being tried right now, or is among the next: {} at work for {}.",
                         count_words(now.view->workers, "connection"), now.destination);
    case Blocker::about_to_be:
      return "Nothing keeps it back: it is about to be tried.";
  }
  return {};
}

std::string why_message(const queue::Listed& listed, const std::vector<std::uint32_t>& recipients,
                        const Circumstances& now) {
  const queue::Envelope& envelope = listed.envelope;
  const Standing& standing = listed.standings.at(recipients.front());
  std::string out = fmt::format("{} from {} to {} was accepted at {}. ", text(envelope.id),
                                shown(envelope.sender.text()), addresses(envelope, recipients),
                                when_words(envelope.received_at, now.now));
  out += attempts_words(standing, now.now) + ' ';
  if (!standing.route.empty())
    out += fmt::format(
        "An operator sends it by {} (`veredus queue reroute --default {}` ends "
        "that). ",
        shown(standing.route), text(envelope.id));
  out += blocker_words(envelope.id, standing, now);
  if (!is_final(standing.state)) out += ' ' + expiry_words(envelope, standing, now);
  return out;
}

std::string why_destination(const Group& group, const Circumstances& now) {
  std::string out;
  if (group.messages == 0)
    out = fmt::format("Nothing in the queue is for {}. ", now.destination);
  else
    out = fmt::format(
        "{} ({}) {} for {}; the oldest came at {}. ", count_words(group.messages, "message"),
        count_words(group.recipients, "recipient"), group.messages == 1 ? "waits" : "wait",
        now.destination, when_words(group.oldest, now.now));
  if (!group.last_error.empty()) {
    out += fmt::format("The last failure was at {}: ", when_words(group.last_error_at, now.now));
    out += verdict_words(shown(group.last_remote), quoted_reply(group.last_error));
    out += group.last_error.ends_with('.') ? " " : ". ";
  }
  out += destination_words(group.last_error, now);
  if (group.messages > 0 && now.server_runs)
    out += fmt::format(" `veredus queue retry --destination {}` tries everything at once.",
                       now.destination);
  return out;
}

}  // namespace veredus::manage
