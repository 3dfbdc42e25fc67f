// What the queue promised, what was done with it, and what may be: the books of a small world.

#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "io/sim/timeline.h"
#include "mail/queue/backoff.h"
#include "mail/queue/config.h"
#include "mail/queue/limits.h"
#include "mail/queue/order.h"
#include "mail/queue/queue.h"
#include "sim/queue/watched_storage.h"

namespace veredus::simulation {

/// The MX hosts of a destination: domains below shared.example are all hosted by one provider.
std::vector<std::string> hosts_of(const std::string& destination);

/// What is known of one recipient, from outside of the queue and from the disk.
struct Fate {
  // The next hop's side.
  std::size_t taken = 0;     ///< Times it said yes, whether or not that was heard.
  bool known_taken = false;  ///< The queue was told so.
  bool refused = false;      ///< It said 5yz.
  // The operator's side: what was asked for, whether or not it came to be.
  bool may_be_removed = false;
  bool may_be_bounced = false;
  // The disk's side.
  queue::Standing standing;
  std::array<std::set<QueueId>, 2> notices;  ///< By NoticeKind.
  // The schedule's side.
  bool busy = false;
  std::uint32_t deferrals = 0;           ///< That this process was told of.
  std::optional<SteadyTime> not_before;  ///< The next attempt, if nobody orders another.
  std::uint32_t orders = 0;              ///< Being carried out.
};

/// A message: somebody's, or a notice of ours.
struct Item {
  queue::Envelope envelope;
  SteadyTime accepted;
  bool durable = false;
  bool acknowledged = false;
  bool gone = false;  ///< From the disk, after it was there.
  std::vector<Fate> fates;
};

/// Every call is a thing that happened; what should not have is a problem.
class Books {
 public:
  Books(const queue::QueueConfig& config, const sim::Timeline& time)
      : config_(config), limits_(config.limits), time_(time) {}

  /// Somebody is about to submit this.
  void offered(const queue::Envelope& envelope);
  void answered(QueueId id, bool acknowledged);
  /// queue::ComposeNotice was called and made this.
  void composed(const queue::NoticeRequest& request, const queue::Envelope& notice);
  /// A batch became durable.
  void written(const Written& written);
  /// True of a batch that may be written again when it seemed to fail: the queue knows its own
  /// notices of failure again.
  bool may_come_again(const Written& written) const;

  // An attempt, by a worker.
  void handed_out(const queue::Job& job);
  void took(const queue::Job& job, std::uint32_t recipient) { fate(job, recipient).taken++; }
  void refused(const queue::Job& job, std::uint32_t recipient) {
    fate(job, recipient).refused = true;
  }
  /// Just before the queue is told.
  void reporting(const queue::Job& job, const std::vector<queue::Outcome>& outcomes);

  // The operator.
  void ordering(const std::vector<queue::Target>& targets, const queue::Order& order);
  void ordered(const std::vector<queue::Target>& targets);
  void paused(const std::string& destination) { paused_.emplace(destination, time_.now()); }
  void resuming(const std::string& destination) { paused_.erase(destination); }
  bool is_paused(const std::string& destination) const { return paused_.contains(destination); }

  void process_died();
  /// Somebody set the clock.
  void clock_jumped() { jumped_ = true; }
  bool clock_was_set() const noexcept { return jumped_; }

  /// In the queue, as far as anybody can know.
  std::vector<QueueId> waiting() const;
  const std::map<QueueId, Item>& items() const noexcept { return items_; }
  void problem(std::string what) { problems_.push_back(std::move(what)); }
  const std::vector<std::string>& problems() const noexcept { return problems_; }
  std::size_t attempts() const noexcept { return attempts_; }
  /// Notices that were made, whether or not they became durable.
  std::size_t notices(queue::NoticeKind kind) const;

 private:
  /// What is known of one who shares limits: a destination, a limit, all.
  struct Traffic {
    std::uint32_t now = 0;
    std::deque<SteadyTime> started;  // in the last minute
  };
  struct Notice {
    QueueId about{};
    queue::NoticeKind kind;
    std::vector<std::uint32_t> recipients;
  };

  Fate& fate(const queue::Job& job, std::uint32_t recipient) {
    return items_.at(job.envelope->id).fates.at(recipient);
  }
  std::string name(QueueId id, std::uint32_t recipient) const;
  bool may_come_again(QueueId id) const;
  void envelope_written(const Written::Put& put);
  void standing_written(const Written::Put& put);
  void erased(const std::string& key);
  void check_change(const Item& item, const Fate& fate, const queue::Standing& standing,
                    const std::string& who);
  bool is_good_reason(const Item& item, const Fate& fate, std::string_view reply) const;
  bool is_over(const Item& item, const Fate& fate) const;
  bool has_expired(const Item& item) const;
  queue::Patience patience(const Item& item) const;
  Duration least_pause(const Item& item, std::uint32_t deferrals) const;
  void start_traffic(const std::string& destination);
  void end_traffic(const std::string& destination);
  void check_rate(Traffic& traffic, const queue::Limit& limit);
  const queue::Limit* limit_of(const std::string& destination) const;
  std::string pool_of(const queue::Limit& limit, const std::string& destination) const;

  const queue::QueueConfig config_;
  const queue::LimitTable limits_;
  const sim::Timeline& time_;
  std::map<QueueId, Item> items_;
  std::map<QueueId, Notice> notices_;
  std::map<std::string, SteadyTime> paused_;  // and since when
  std::map<std::string, Traffic> traffic_;    // by destination, by limit, and "" for all
  bool jumped_ = false;
  bool age_is_unsure_ = false;  // A process began after that: to it mail may be of any age.
  std::size_t attempts_ = 0;
  std::vector<std::string> problems_;
};

}  // namespace veredus::simulation
