// The books of a torture run: what was acknowledged, and what arrived.

#pragma once

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

/// Of copies, but for `messages`.
struct Counts {
  std::uint64_t messages = 0;      ///< Mails acknowledged for at least one recipient.
  std::uint64_t acknowledged = 0;  ///< Copies with 250.
  std::uint64_t arrived = 0;       ///< Acknowledged or not, each once.
  std::uint64_t doubled = 0;       ///< Arrivals after the first one.
  std::uint64_t unconfirmed = 0;   ///< Arrived without 250: the connection was cut before it.
  std::uint64_t changed = 0;       ///< Arrivals that are not what was sent.
  std::uint64_t strangers = 0;     ///< Arrivals that are none of ours.
};

struct Missing {
  Copy copy;
  Acknowledgement acknowledgement;
};

/// Memory: two octets for each mail of the whole run, and about 80 for each copy that has been
/// acknowledged and not yet arrived; the load keeps to a maximum of those. Not thread-safe.
class Ledger {
 public:
  /// The number of the mail that is sent next.
  std::uint64_t begin();
  /// The server has said 250 to the mail as a whole, and to these of its recipients (at least one).
  void acknowledge(std::uint64_t number, const std::vector<std::size_t>& recipients,
                   Acknowledgement acknowledgement);
  void book(const Finding& finding);

  const Counts& counts() const noexcept { return counts_; }
  /// Copies acknowledged and not yet arrived.
  std::size_t outstanding() const noexcept { return waiting_.size(); }
  /// The oldest of those, at most `count`. When all has come to rest they are lost.
  std::vector<Missing> missing(std::size_t count) const;

 private:
  enum Mark : std::uint8_t { kAcknowledged = 1, kArrived = 2 };

  bool has(Copy copy, Mark mark) const;
  void set(Copy copy, Mark mark);
  void arrived(Copy copy);

  std::deque<std::uint16_t> marks_;  // by number: four bits a recipient
  std::unordered_map<std::uint64_t, Acknowledgement> waiting_;
  Counts counts_;
};

}  // namespace veredus::torture
