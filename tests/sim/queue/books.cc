#include "sim/queue/books.h"

#include <algorithm>
#include <chrono>
#include <ranges>
#include <utility>

#include "base/big_endian.h"
#include "base/text.h"

namespace veredus::simulation {
namespace {

using queue::NoticeKind;
using queue::State;
using std::chrono::seconds;

/// Times are noted to the millisecond, and one thing after the other.
constexpr Duration kTolerance = seconds(1);
/// A message may have to be read from a slow disk first.
constexpr Duration kOnItsWay = seconds(20);
constexpr std::size_t kIdOctets = 8;

QueueId id_of(std::string_view key) { return QueueId{get_big_endian(key.substr(0, kIdOctets))}; }

std::size_t index(NoticeKind kind) { return kind == NoticeKind::delay ? 1 : 0; }

}  // namespace

std::string Books::name(QueueId id, std::uint32_t recipient) const {
  return text(id) + " to <" + items_.at(id).envelope.recipients.at(recipient).address.text() + ">";
}

void Books::offered(const queue::Envelope& envelope) {
  Item& item = items_[envelope.id];
  item.envelope = envelope;
  item.accepted = time_.now();
  item.fates.resize(envelope.recipients.size());
}

void Books::answered(QueueId id, bool acknowledged) {
  Item& item = items_.at(id);
  item.acknowledged = acknowledged;
  if (acknowledged && !item.durable) problem(text(id) + " was acknowledged before it was durable");
  if (!acknowledged && item.durable) problem(text(id) + " was refused and is there");
}

void Books::composed(const queue::NoticeRequest& request, const queue::Envelope& notice) {
  offered(notice);
  Notice& made = notices_[notice.id];
  made.about = request.envelope.id;
  made.kind = request.kind;
  const Item& item = items_.at(request.envelope.id);
  for (const queue::NoticeRequest::Item& told : request.recipients) {
    made.recipients.push_back(told.recipient);
    const Fate& fate = item.fates.at(told.recipient);
    const std::string who = name(request.envelope.id, told.recipient);
    if (request.kind == NoticeKind::failure) {
      if (!is_good_reason(item, fate, told.standing.reply))
        problem(who + " is said to have failed for no good reason: " + told.standing.reply);
      if (fate.known_taken) problem(who + " is said to have failed, but was delivered");
    } else {
      if (told.standing.state != State::deferred)
        problem(who + " is said to be late, but is " +
                std::string(queue::name(told.standing.state)));
      if (!age_is_unsure_ && time_.now() - item.accepted + kTolerance < config_.delay_warning)
        problem(who + " is said to be late too early");
    }
  }
}

void Books::written(const Written& written) {
  for (const auto& put : written.envelopes) envelope_written(put);
  for (const auto& put : written.standings) standing_written(put);
  for (const std::string& key : written.erased) erased(key);
}

bool Books::may_come_again(QueueId id) const {
  const auto notice = notices_.find(id);
  return notice != notices_.end() && notice->second.kind == NoticeKind::failure;
}

bool Books::may_come_again(const Written& written) const {
  return std::ranges::all_of(written.envelopes,
                             [this](const auto& put) { return may_come_again(id_of(put.first)); });
}

void Books::envelope_written(const Written::Put& put) {
  const QueueId id = id_of(put.first);
  const auto known = items_.find(id);
  if (known == items_.end()) return problem("a message that nobody sent: " + text(id));
  const auto notice = notices_.find(id);
  const bool again = std::exchange(known->second.durable, true);
  if (again && (known->second.gone || !may_come_again(id)))
    problem(text(id) + " was written twice");
  if (notice == notices_.end()) return;
  known->second.acknowledged = true;
  const Notice& made = notice->second;
  for (const std::uint32_t recipient : made.recipients) {
    auto& told = items_.at(made.about).fates.at(recipient).notices.at(index(made.kind));
    told.insert(id);
    if (told.size() > 1) problem("the sender of " + name(made.about, recipient) + " is told twice");
  }
}

void Books::standing_written(const Written::Put& put) {
  const QueueId id = id_of(put.first);
  const auto recipient =
      static_cast<std::uint32_t>(get_big_endian(std::string_view(put.first).substr(kIdOctets)));
  const auto standing = queue::decode_standing(put.second);
  if (!standing || !items_.contains(id)) return problem("a standing that makes no sense");
  Item& item = items_.at(id);
  Fate& fate = item.fates.at(recipient);
  if (item.gone || !item.durable) problem(name(id, recipient) + ": a standing without a message");
  check_change(item, fate, *standing, name(id, recipient));
  fate.standing = *standing;
}

void Books::check_change(const Item& item, const Fate& fate, const queue::Standing& standing,
                         const std::string& who) {
  const queue::Standing& before = fate.standing;
  const bool told_now = before.state == State::failed &&
                        (standing.state == State::bounced || standing.state == State::removed);
  if (is_final(before.state) && standing.state != before.state && !told_now)
    problem(who + " changed after its end");
  if (standing.attempts < before.attempts) problem(who + " forgot attempts");
  if (before.warned && !standing.warned) problem(who + " forgot that the sender was told");
  if (standing.warned && fate.notices.at(index(NoticeKind::delay)).empty())
    problem(who + ": the sender was not told that it is late");
  switch (standing.state) {
    case State::pending:
    case State::deferred:
      return;
    case State::delivered:
    case State::relayed:
      if (fate.taken == 0) problem(who + " is said to be delivered, but nobody took it");
      return;
    case State::failed:
      if (!is_good_reason(item, fate, standing.reply))
        problem(who + " was given up for no good reason: " + standing.reply);
      return;
    case State::bounced:
      if (!item.envelope.sender.is_null() && fate.notices.at(index(NoticeKind::failure)).empty())
        problem(who + " is over, and its sender was never told");
      return;
    case State::removed:
      if (!fate.may_be_removed) problem(who + " was removed, and nobody asked for it");
      return;
  }
}

bool Books::is_good_reason(const Item& item, const Fate& fate, std::string_view reply) const {
  if (reply.starts_with("550 ")) return fate.refused;
  if (reply.starts_with("expired after")) return age_is_unsure_ || has_expired(item);
  return reply.contains("by the postmaster") && fate.may_be_bounced;
}

bool Books::has_expired(const Item& item) const {
  return time_.now() - item.accepted + kTolerance >= patience(item).expire;
}

/// The message may go: every recipient has an outcome that somebody can see.
bool Books::is_over(const Item& item, const Fate& fate) const {
  if (fate.taken > 0 || fate.may_be_removed) return true;
  if (!fate.notices.at(index(NoticeKind::failure)).empty()) return true;
  const bool may_fail = fate.refused || fate.may_be_bounced || age_is_unsure_ || has_expired(item);
  return item.envelope.sender.is_null() && may_fail;
}

void Books::erased(const std::string& key) {
  const QueueId id = id_of(key);
  Item& item = items_.at(id);
  item.gone = true;
  for (std::uint32_t r = 0; r < item.fates.size(); ++r) {
    if (!is_over(item, item.fates[r])) problem("LOST: " + name(id, r));
  }
}

queue::Patience Books::patience(const Item& item) const {
  return queue::patience_for(item.envelope.sender.is_null(), config_);
}

/// The least that may lie between two attempts, after so many deferrals or more.
Duration Books::least_pause(const Item& item, std::uint32_t deferrals) const {
  const queue::Patience patience = this->patience(item);
  const Duration grown = queue::retry_delay(deferrals, patience, config_, 0);
  const Duration left = patience.expire - (time_.now() - item.accepted);
  return std::min(grown, std::max(left, Duration::zero())) - kTolerance;
}

void Books::handed_out(const queue::Job& job) {
  const QueueId id = job.envelope->id;
  Item& item = items_.at(id);
  ++attempts_;
  if (!item.durable) problem(text(id) + " was tried before it was durable");
  // Recipients at one destination may change places in time when the clock was set between them.
  const bool may_swap = jumped_ && item.fates.size() > 1;
  const auto paused = paused_.find(job.destination);
  // What was on its way to a worker still goes.
  if (paused != paused_.end() && paused->second + kOnItsWay < time_.now())
    problem(job.destination + " is paused and gets mail");
  for (const std::uint32_t recipient : job.recipients) {
    Fate& fate = item.fates.at(recipient);
    const std::string who = name(id, recipient);
    if (std::exchange(fate.busy, true)) problem(who + " was handed out twice");
    if (fate.known_taken) problem(who + " was tried after it was delivered");
    if (is_final(fate.standing.state)) problem(who + " was tried after its end");
    if (!may_swap && fate.orders == 0 && fate.not_before && time_.now() < *fate.not_before)
      problem(who + " was tried " +
              std::to_string(std::chrono::ceil<seconds>(*fate.not_before - time_.now()).count()) +
              " s too early");
    fate.not_before.reset();
  }
  start_traffic(job.destination);
}

void Books::reporting(const queue::Job& job, const std::vector<queue::Outcome>& outcomes) {
  Item& item = items_.at(job.envelope->id);
  std::uint32_t least = UINT32_MAX;
  for (const std::uint32_t r : job.recipients) least = std::min(least, item.fates.at(r).deferrals);
  for (const queue::Outcome& outcome : outcomes) {
    Fate& fate = item.fates.at(outcome.recipient);
    fate.busy = false;
    if (outcome.state == State::relayed) fate.known_taken = true;
    if (outcome.state != State::deferred) continue;
    // One connection more than the destination takes is no attempt.
    const bool may_be_none = outcome.unreachable && traffic_.at(job.destination).now > 1;
    if (may_be_none) continue;
    ++fate.deferrals;
    if (!age_is_unsure_) fate.not_before = time_.now() + least_pause(item, least + 1);
  }
  end_traffic(job.destination);
}

void Books::ordering(const std::vector<queue::Target>& targets, const queue::Order& order) {
  for (const queue::Target& target : targets) {
    for (Fate& fate : items_.at(target.id).fates) {
      ++fate.orders;
      if (order.kind == queue::OrderKind::remove) fate.may_be_removed = true;
      if (order.kind == queue::OrderKind::bounce) fate.may_be_bounced = true;
    }
  }
}

void Books::ordered(const std::vector<queue::Target>& targets) {
  for (const queue::Target& target : targets)
    for (Fate& fate : items_.at(target.id).fates) {
      --fate.orders;
      fate.not_before.reset();
    }
}

void Books::process_died() {
  age_is_unsure_ = age_is_unsure_ || jumped_;
  traffic_.clear();
  for (auto& [id, item] : items_) {
    for (Fate& fate : item.fates) {
      fate.busy = false;
      fate.deferrals = 0;
      fate.orders = 0;
      fate.not_before.reset();
      // What the process knew and did not write is forgotten.
      fate.known_taken = fate.known_taken && is_final(fate.standing.state);
    }
  }
}

std::vector<QueueId> Books::waiting() const {
  std::vector<QueueId> ids;
  for (const auto& [id, item] : items_)
    if (item.durable && !item.gone) ids.push_back(id);
  return ids;
}

std::size_t Books::notices(NoticeKind kind) const {
  return static_cast<std::size_t>(
      std::ranges::count(notices_ | std::views::values, kind, &Notice::kind));
}

const queue::Limit* Books::limit_of(const std::string& destination) const {
  const std::vector<std::string> hosts = hosts_of(destination);
  const auto found = limits_.find(destination, &hosts);
  return found.limit ? &config_.limits.at(*found.limit) : nullptr;
}

std::string Books::pool_of(const queue::Limit& limit, const std::string& destination) const {
  return limit.per_destination ? "limit " + destination : "limit";
}

void Books::start_traffic(const std::string& destination) {
  const auto start = [this](const std::string& name, std::uint32_t most) {
    Traffic& traffic = traffic_[name];
    if (++traffic.now > most) problem("too many attempts at the same time: " + name);
    return &traffic;
  };
  start("", config_.workers_in_all());
  start(destination, config_.workers_per_destination_max);
  const queue::Limit* limit = limit_of(destination);
  if (limit == nullptr) return;
  Traffic* traffic = start(pool_of(*limit, destination), limit->workers_max.value_or(UINT32_MAX));
  check_rate(*traffic, *limit);
}

void Books::end_traffic(const std::string& destination) {
  --traffic_[""].now;
  --traffic_[destination].now;
  if (const queue::Limit* limit = limit_of(destination))
    --traffic_[pool_of(*limit, destination)].now;
}

/// At most what a minute brings and what could be saved up.
void Books::check_rate(Traffic& traffic, const queue::Limit& limit) {
  if (!limit.messages_per_minute) return;
  const std::uint32_t rate = *limit.messages_per_minute;
  std::deque<SteadyTime>& started = traffic.started;
  started.push_back(time_.now());
  while (started.front() + std::chrono::minutes(1) < time_.now()) started.pop_front();
  if (started.size() > rate + std::max(rate / 60, 1U))
    problem("too many messages a minute: " + std::to_string(started.size()));
}

}  // namespace veredus::simulation
