// Random life of a schedule, checked against a model after every decision.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "mail/queue/schedule.h"

namespace veredus::queue {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Kind = Action::Kind;

constexpr SteadyTime kEpoch{std::chrono::hours(1)};
constexpr std::uint64_t kDestinations = 12;
constexpr std::uint64_t kSenders = 5;
constexpr std::uint64_t kHosters = 3;
/// Its workers never know its hosts.
constexpr std::uint64_t kWithoutHosts = 1;

std::string destination_name(std::uint64_t number) {
  return "mx:d" + std::to_string(number) + (number % 2 == 0 ? ".even.example" : ".odd.example");
}

std::vector<std::string> hosts_of(std::uint64_t hoster) {
  const std::string suffix = ".h" + std::to_string(hoster) + ".example";
  return {"mx1" + suffix, "mx2" + suffix};
}

/// The rule for patterns, told once more.
bool fits(const std::string& pattern, const std::string& name) {
  if (pattern == "*" || pattern == name) return true;
  return pattern.starts_with("*.") && name.ends_with(pattern.substr(1));
}
bool fits_any(const std::vector<std::string>& patterns, const std::vector<std::string>& names) {
  return std::ranges::any_of(patterns, [&names](const auto& pattern) {
    return std::ranges::any_of(names, [&](const auto& name) { return fits(pattern, name); });
  });
}

/// Everything that was handed out at a rate.
class RateLog {
 public:
  explicit RateLog(std::uint32_t per_minute) : per_minute_(per_minute) {}

  /// False when some span of time until `now` has more than the rate allows.
  bool note(SteadyTime now) {
    const double share = std::chrono::duration<double>(now - kEpoch).count() * per_minute_ / 60;
    least_ = std::min(least_, static_cast<double>(count_) - share);
    ++count_;
    const double burst = std::max(per_minute_ / 60, 1U);
    return static_cast<double>(count_) - share - least_ <= burst + 1e-6;
  }

 private:
  std::uint32_t per_minute_;
  std::uint64_t count_ = 0;
  double least_ = std::numeric_limits<double>::max();
};

class Property : public testing::TestWithParam<std::uint64_t> {
 protected:
  struct Worker {
    std::uint64_t destination;
    std::optional<std::uint64_t> job;
    bool waiting = false;
    bool asked = false;
    std::optional<std::size_t> limit;  ///< By the hosts it told.
  };
  struct Message {
    std::uint64_t destination;
    std::uint64_t sender;
    bool ready;  ///< Waits for a worker for certain: it may also be deferred and due.
  };
  using Place = std::pair<std::uint64_t, std::uint64_t>;  ///< A destination, and a sender there.

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  bool one_in(std::uint64_t bound) { return below(bound) == 0; }

  QueueConfig make_config() {
    QueueConfig config;
    config.workers_per_destination_max = 3;
    config.workers_max = 8;
    config.workers_start = 1 + static_cast<std::uint32_t>(below(3));
    config.workers_per_source_max = static_cast<std::uint32_t>(below(4));
    config.sources = 1 + static_cast<std::uint32_t>(below(4));
    bool has_own_rate = false;
    for (std::uint64_t i = below(4); i > 0; --i) {
      Limit limit = make_limit();
      limit.name = "limit" + std::to_string(i);
      // What a rate of its own remembers goes when a destination moves to another one.
      if (limit.per_destination && std::exchange(has_own_rate, true)) limit.per_destination = false;
      config.limits.push_back(std::move(limit));
    }
    const auto checked_config = checked(config);
    EXPECT_TRUE(checked_config) << checked_config.error().text();
    return config;
  }

  Limit make_limit() {
    Limit limit;
    const std::vector<std::vector<std::string>> domains{
        {"*"}, {"*.even.example"}, {"*.odd.example", "d0.even.example"}, {"d2.even.example"}};
    const std::vector<std::vector<std::string>> mx{
        {"*.h0.example"}, {"mx2.h1.example", "*.h2.example"}, {"nobody.example"}};
    if (one_in(2)) limit.domains = domains[below(domains.size())];
    if (limit.domains.empty() || one_in(3)) limit.mx = mx[below(mx.size())];
    if (one_in(2)) limit.workers_max = 1 + static_cast<std::uint32_t>(below(4));
    const std::vector<std::uint32_t> rates{20, 60, 90, 240, 1000};
    if (!limit.workers_max || one_in(3)) limit.messages_per_minute = rates[below(rates.size())];
    limit.per_destination = one_in(3);
    return limit;
  }

  /// The limit that `hosts` put a destination under.
  std::optional<std::size_t> limit_of(std::uint64_t destination,
                                      const std::vector<std::string>& hosts) const {
    const std::vector<std::string> domain{destination_name(destination).substr(3)};
    for (std::size_t i = 0; i < config_.limits.size(); ++i) {
      const Limit& limit = config_.limits[i];
      if (fits_any(limit.domains, domain) || fits_any(limit.mx, hosts)) return i;
    }
    return std::nullopt;
  }
  bool needs_hosts(std::uint64_t destination) const {
    const std::vector<std::string> domain{destination_name(destination).substr(3)};
    for (const Limit& limit : config_.limits) {
      if (fits_any(limit.domains, domain)) return false;
      if (!limit.mx.empty()) return true;
    }
    return false;
  }
  /// What shares: a limit, or a limit and a destination.
  std::string share_of(std::size_t limit, std::uint64_t destination) const {
    const Limit& config = config_.limits[limit];
    return config.name + (config.per_destination ? " " + destination_name(destination) : "");
  }

  DestinationId intern(std::uint64_t destination) {
    return schedule_.intern(destination_name(destination));
  }
  void defer(std::uint64_t id, const Message& message) {
    schedule_.defer({QueueId{id}, intern(message.destination),
                     SenderKey{static_cast<std::uint32_t>(message.sender)}},
                    now_ + milliseconds(1 + below(60'000)));
  }

  void submit() {
    const std::uint64_t id = ++last_id_;
    const Message message{below(kDestinations), below(kSenders), !one_in(4)};
    open_.emplace(id, message);
    if (!message.ready) return defer(id, message);
    schedule_.add({QueueId{id}, intern(message.destination),
                   SenderKey{static_cast<std::uint32_t>(message.sender)}});
    ++ready_[{message.destination, message.sender}];
  }

  void no_longer_ready(Message& message) {
    if (!std::exchange(message.ready, false)) return;
    const Place place{message.destination, message.sender};
    if (--ready_[place] == 0) passed_by_[place].clear();
  }

  void forget_some() {
    std::unordered_set<QueueId> ids;
    for (auto message = open_.begin(); message != open_.end();) {
      if (busy_.contains(message->first) || !one_in(8)) {
        ++message;
        continue;
      }
      ids.insert(QueueId{message->first});
      no_longer_ready(message->second);
      message = open_.erase(message);
    }
    schedule_.forget(ids);
  }

  void hold_or_resume() {
    const std::uint64_t destination = below(kDestinations);
    if (held_.erase(destination) > 0 || one_in(3)) {
      schedule_.resume(destination_name(destination));
    } else {
      schedule_.hold(destination_name(destination));
      held_.insert(destination);
    }
  }

  void let_ask(std::uint64_t number, Worker& worker) {
    worker.waiting = true;
    worker.asked = true;
    std::vector<std::string> hosts;
    if (worker.destination != kWithoutHosts) hosts = hosts_of(hoster_[worker.destination]);
    const bool is_known = !hosts.empty() || !needs_hosts(worker.destination);
    worker.limit = is_known ? limit_of(worker.destination, hosts) : std::nullopt;
    schedule_.ask(destination_name(worker.destination), WaiterId{number},
                  now_ + milliseconds(below(10'000)), hosts);
  }

  /// Ends the job of a worker: gone, or back with a later time.
  void let_report(Worker& worker) {
    const std::uint64_t id = *worker.job;
    const DestinationId destination = intern(worker.destination);
    const bool dead = worker.destination == 0 && now_ < kEpoch + seconds(3000);
    const auto verdict = dead        ? Verdict::unreachable
                         : one_in(5) ? Verdict::failure
                                     : Verdict::success;
    if (verdict == Verdict::success) {
      open_.erase(id);
    } else {
      defer(id, open_.at(id));
    }
    busy_.erase(id);
    // Whether the job is said to be none makes no difference here: it comes back later.
    static_cast<void>(schedule_.judge(destination, verdict, now_, "4.4.1 connection refused"));
    schedule_.done(destination);
    worker.job.reset();
  }

  /// False when all wait.
  bool move_a_worker() {
    std::vector<std::uint64_t> free;
    for (const auto& [number, worker] : workers_)
      if (!worker.waiting) free.push_back(number);
    if (free.empty()) return false;
    const std::uint64_t number = free[below(free.size())];
    Worker& worker = workers_.at(number);
    if (worker.job) {
      let_report(worker);
    } else {
      let_ask(number, worker);
    }
    return true;
  }

  void act() {
    int actions = 0;
    while (const auto action = schedule_.act(now_)) {
      ASSERT_LT(++actions, 1000) << "it must come to an end";
      const auto number = static_cast<std::uint64_t>(action->waiter);
      if (action->kind == Kind::start) {
        ASSERT_NO_FATAL_FAILURE(start(schedule_.name(action->destination)));
      } else if (action->kind == Kind::end) {
        ASSERT_EQ(workers_.erase(number), 1U);
      } else {
        ASSERT_NO_FATAL_FAILURE(take(workers_.at(number), action->entry));
      }
    }
    const auto next = schedule_.next_event();
    ASSERT_TRUE(!next || *next > now_) << "it would be asked again and again";
    check_caps();
  }

  void start(const std::string& name) {
    std::uint64_t destination = 0;
    while (destination_name(destination) != name) ++destination;
    ASSERT_FALSE(held_.contains(destination));
    Worker worker{.destination = destination, .job = {}, .limit = {}};
    if (!needs_hosts(destination)) worker.limit = limit_of(destination, {});
    workers_.emplace(++last_worker_, worker);
  }

  void take(Worker& worker, const Entry& entry) {
    const auto id = static_cast<std::uint64_t>(entry.id);
    ASSERT_TRUE(worker.waiting);
    ASSERT_FALSE(held_.contains(worker.destination));
    Message& message = open_.at(id);
    ASSERT_EQ(message.destination, worker.destination);
    ASSERT_TRUE(busy_.insert(id).second) << "handed out twice: " << id;
    no_longer_ready(message);
    worker.waiting = false;
    worker.job = id;
    ASSERT_NO_FATAL_FAILURE(check_turn(message));
    if (!worker.limit || !config_.limits[*worker.limit].messages_per_minute) return;
    const std::uint32_t rate = *config_.limits[*worker.limit].messages_per_minute;
    const std::string share = share_of(*worker.limit, worker.destination);
    ASSERT_TRUE(rates_.try_emplace(share, rate).first->second.note(now_)) << share;
  }

  /// Between two messages of a sender that has more, every other sender has at most one turn.
  void check_turn(const Message& message) {
    const Place place{message.destination, message.sender};
    passed_by_[place].clear();
    for (std::uint64_t other = 0; other < kSenders; ++other) {
      const Place waits{message.destination, other};
      if (other == message.sender || ready_[waits] == 0) continue;
      ASSERT_TRUE(passed_by_[waits].insert(message.sender).second)
          << "sender " << message.sender << " went twice before " << other;
    }
  }

  void check_caps() {
    ASSERT_LE(workers_.size(), config_.workers_in_all());
    ASSERT_EQ(workers_.size(), schedule_.workers());
    ASSERT_EQ(open_.size(), schedule_.ready() + schedule_.deferred() + busy_.size());
    std::map<std::uint64_t, std::uint32_t> each;
    std::map<std::string, std::uint32_t> shares;
    for (const auto& [number, worker] : workers_) {
      ++each[worker.destination];
      if (!worker.limit || !config_.limits[*worker.limit].workers_max) continue;
      const std::string share = share_of(*worker.limit, worker.destination);
      ASSERT_LE(++shares[share], *config_.limits[*worker.limit].workers_max) << share;
    }
    for (const auto& [destination, count] : each) {
      const bool is_blind = destination == kWithoutHosts && needs_hosts(destination);
      ASSERT_LE(count, is_blind ? 1 : config_.workers_per_destination_max);
      ASSERT_EQ(count, schedule_.workers(destination_name(destination)));
    }
  }

  std::mt19937_64 random_{GetParam()};
  QueueConfig config_ = make_config();
  SteadyTime now_ = kEpoch;
  Schedule schedule_{config_, kEpoch};
  std::vector<std::uint64_t> hoster_ = std::vector<std::uint64_t>(kDestinations);
  std::map<std::uint64_t, Worker> workers_;
  std::map<std::uint64_t, Message> open_;
  std::set<std::uint64_t> busy_;
  std::set<std::uint64_t> held_;
  std::map<Place, std::uint64_t> ready_;
  std::map<Place, std::set<std::uint64_t>> passed_by_;
  std::map<std::string, RateLog> rates_;
  std::uint64_t last_id_ = 0;
  std::uint64_t last_worker_ = 0;
};

TEST_P(Property, CapsAndRatesHoldSendersTakeTurnsAndEverythingComesToAnEnd) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  for (std::uint64_t i = 0; i < kDestinations; ++i) hoster_[i] = i % kHosters;
  const bool hosts_change = one_in(2);
  for (int step = 0; step < 3000; ++step) {
    if (one_in(3)) submit();
    if (one_in(100)) hold_or_resume();
    if (one_in(300)) forget_some();
    if (hosts_change && one_in(50)) hoster_[below(kDestinations)] = below(kHosters);
    move_a_worker();
    if (one_in(4)) now_ += milliseconds(below(5000));
    ASSERT_NO_FATAL_FAILURE(act());
  }
  for (const std::uint64_t destination : std::exchange(held_, {}))
    schedule_.resume(destination_name(destination));
  // Nothing starves: with working workers all mail goes, woken only when the schedule asks for it.
  for (int step = 0; step < 100'000 && !open_.empty(); ++step) {
    ASSERT_NO_FATAL_FAILURE(act());
    if (move_a_worker()) continue;
    const auto next = schedule_.next_event();
    if (!next) break;
    now_ = std::max(now_, *next);
  }
  EXPECT_TRUE(open_.empty()) << open_.size() << " never came up, such as " << open_.begin()->first;
}

INSTANTIATE_TEST_SUITE_P(Seeds, Property, testing::Range<std::uint64_t>(1, 121));

/// Destinations that work, and such as never answer: their workers never come back.
class Hanging {
 public:
  explicit Hanging(const QueueConfig& config) : schedule_(config, kEpoch) {}

  void fill(int destinations, int messages) {
    for (int i = 0; i < messages; ++i)
      for (int d = 0; d < destinations; ++d)
        schedule_.add({QueueId{++last_id_}, schedule_.intern(name(d))});
  }

  /// Seconds until the first `working` destinations of `destinations` have all their `messages`,
  /// each of which takes a second.
  int run(int working, int messages) {
    int left = working * messages;
    int second = 0;
    std::vector<std::string> busy;
    while (left > 0 && second < 100'000) {
      const SteadyTime now = kEpoch + seconds(second++);
      for (const std::string& destination : std::exchange(busy, {})) report(destination, now);
      while (const auto action = schedule_.act(now)) {
        const std::string& destination = schedule_.name(action->destination);
        if (action->kind == Kind::start) ask(destination, now);
        if (action->kind != Kind::hand) continue;
        const bool works = destination.starts_with("mx:w");
        if (works) busy.push_back(destination);
        if (works) --left;
      }
    }
    return second;
  }

  static std::string name(int number) {
    return (number % 2 == 0 ? "mx:h" : "mx:w") + std::to_string(number) + ".example";
  }

 private:
  void report(const std::string& destination, SteadyTime now) {
    EXPECT_FALSE(schedule_.judge(schedule_.intern(destination), Verdict::success, now, ""));
    schedule_.done(schedule_.intern(destination));
    ask(destination, now);
  }
  void ask(const std::string& destination, SteadyTime now) {
    schedule_.ask(destination, WaiterId{++last_waiter_}, now + seconds(10), {});
  }

  Schedule schedule_;
  std::uint64_t last_id_ = 0;
  std::uint64_t last_waiter_ = 0;
};

TEST(Hanging, FiftyOfAHundredDestinationsDoNotSlowTheOthers) {
  QueueConfig roomy;
  roomy.workers_max = 2000;
  Hanging hanging(roomy);
  hanging.fill(100, 1000);
  // 20 workers for each, which are there after a few seconds.
  EXPECT_LE(hanging.run(50, 1000), 1000 / 20 + 8);
}

TEST(Hanging, TheOthersShareWhatIsLeftOfAllWorkers) {
  Hanging hanging(QueueConfig{});
  hanging.fill(100, 1000);
  // Of 500 workers 100 hang for ever, and 125 are kept for destinations without any.
  EXPECT_LE(hanging.run(50, 1000), 50 * 1000 / (500 - 125 - 100) + 8);
}

TEST(Hanging, WithFewWorkersTheLastQuarterGoesRound) {
  QueueConfig few;
  few.workers_max = 80;
  Hanging hanging(few);
  hanging.fill(100, 10);
  // At least 20 are left to the others.
  EXPECT_LE(hanging.run(50, 10), 50 * 10 / 20 + 8);
}

}  // namespace
}  // namespace veredus::queue
