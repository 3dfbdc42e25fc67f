// The books of a torture run: what was acknowledged, and what arrived.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "main/torture/mail.h"

namespace veredus::torture {

/// A mail for one of its recipients.
struct Copy {
  std::uint64_t number = 0;   ///< The mail's.
  std::size_t recipient = 0;  ///< Its place among the mail's recipients.

  friend bool operator==(const Copy&, const Copy&) = default;
};

/// What is kept of a copy from its 250 until it has arrived.
struct Acknowledgement {
  SteadyTime time;
  QueueId id{};            ///< From the reply; 0 when there was none.
  std::uint32_t life = 0;  ///< How many times the server had been killed before.
};

/// One time that a copy was delivered.
struct Arrival {
  SteadyTime begun;         ///< Its server lived then: its connection was opened.
  SteadyTime taken;         ///< From then on it counts as delivered.
  bool is_answered = true;  ///< False: the next hop took it, and cut the connection instead of 250.
};

/// Of copies, but for `messages`.
struct Counts {
  std::uint64_t messages = 0;      ///< Mails acknowledged for at least one recipient.
  std::uint64_t acknowledged = 0;  ///< Copies with 250.
  std::uint64_t arrived = 0;       ///< Acknowledged or not, each once.
  /// Arrivals after another one, which the server may not have noted: it was killed within seconds,
  /// or the next hop had cut the connection.
  std::uint64_t doubled_after_kill = 0;
  std::uint64_t doubled_after_cut = 0;
  std::uint64_t doubled = 0;      ///< All others: the server knew that it was delivered.
  std::uint64_t unconfirmed = 0;  ///< Arrived without 250: the connection was cut before it.
  std::uint64_t changed = 0;      ///< Arrivals that are not what was sent.
  std::uint64_t strangers = 0;    ///< Arrivals that are none of ours.
};

struct Missing {
  Copy copy;
  Acknowledgement acknowledgement;
};

/// Memory: two octets for each mail of the whole run, about 80 for each copy that has been
/// acknowledged and not yet arrived, of which the load keeps to a maximum, and 32 for each that
/// arrived within the last kMarginMost. Not thread-safe.
class Ledger {
 public:
  /// The longest margin that killed() takes.
  static constexpr std::chrono::seconds kMarginMost{60};

  /// The number of the mail that is sent next.
  std::uint64_t begin();
  /// The server has said 250 to the mail as a whole, and to these of its recipients (at least one).
  void acknowledge(std::uint64_t number, const std::vector<std::size_t>& recipients,
                   Acknowledgement acknowledgement);
  void book(const Finding& finding, const Arrival& arrival);

  /// The server ended without a word: whatever was taken up to `margin` before may not have been
  /// noted, and may be delivered again. So may what is read, until a while after it runs again, of
  /// octets that it had sent before.
  void killed(SteadyTime at, Duration margin);
  void restarted(SteadyTime at);

  const Counts& counts() const noexcept { return counts_; }
  /// Copies acknowledged and not yet arrived.
  std::size_t outstanding() const noexcept { return waiting_.size(); }
  /// The oldest of those, at most `count`. When all has come to rest they are lost.
  std::vector<Missing> missing(std::size_t count) const;

 private:
  /// The last two are of the latest arrival.
  enum Mark : std::uint8_t { kAcknowledged = 1, kArrived = 2, kInDoubt = 4, kUnanswered = 8 };

  struct Kill {
    SteadyTime since;      ///< What was taken from then on is in doubt,
    SteadyTime restarted;  ///< if its octets were there about by then.
  };
  struct Recent {
    SteadyTime taken;
    Copy copy;
  };

  bool has(Copy copy, Mark mark) const;
  void set(Copy copy, Mark mark, bool on = true);
  void arrived(Copy copy, const Arrival& arrival);
  void count_again(Copy copy);
  /// Whether a kill so far may have come before it was noted. Octets that are there `leftover`
  /// after the restart, or earlier, may still be the dead server's.
  bool is_in_doubt(const Arrival& arrival, Duration leftover) const;

  std::deque<std::uint16_t> marks_;  // by number: four bits a recipient
  std::unordered_map<std::uint64_t, Acknowledgement> waiting_;
  std::deque<Kill> kills_;     // the last kKillsKept, in order
  std::deque<Recent> recent_;  // arrivals, about in order
  Counts counts_;
};

}  // namespace veredus::torture
