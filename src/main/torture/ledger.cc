#include "main/torture/ledger.h"

#include <algorithm>
#include <iterator>

namespace veredus::torture {
namespace {

constexpr unsigned kBitsOfCopy = 4;
static_assert(kRecipientsMax * kBitsOfCopy <= 16);

/// So long after it was started a server has delivered nothing yet, and what the one before had
/// sent is read.
constexpr std::chrono::milliseconds kLeftover{250};
/// What arrives from before these was looked for very late.
constexpr std::size_t kKillsKept = 1000;

unsigned shift_of(Copy copy) { return static_cast<unsigned>(copy.recipient) * kBitsOfCopy; }

std::uint64_t key_of(Copy copy) { return copy.number * kRecipientsMax + copy.recipient; }

Copy copy_of(std::uint64_t key) { return {key / kRecipientsMax, key % kRecipientsMax}; }

}  // namespace

std::uint64_t Ledger::begin() {
  marks_.push_back(0);
  return marks_.size() - 1;
}

bool Ledger::has(Copy copy, Mark mark) const {
  return (marks_.at(copy.number) >> shift_of(copy) & mark) != 0;
}

void Ledger::set(Copy copy, Mark mark, bool on) {
  std::uint16_t& marks = marks_.at(copy.number);
  const int bit = mark << shift_of(copy);
  marks = static_cast<std::uint16_t>(on ? marks | bit : marks & ~bit);
}

void Ledger::acknowledge(std::uint64_t number, const std::vector<std::size_t>& recipients,
                         Acknowledgement acknowledgement) {
  ++counts_.messages;
  for (const std::size_t recipient : recipients) {
    const Copy copy{number, recipient};
    ++counts_.acknowledged;
    set(copy, kAcknowledged);
    if (has(copy, kArrived))
      --counts_.unconfirmed;  // It was faster than its 250.
    else
      waiting_.emplace(key_of(copy), acknowledgement);
  }
}

void Ledger::book(const Finding& finding, const Arrival& arrival) {
  if (finding.verdict == Verdict::stranger) {
    ++counts_.strangers;
    return;
  }
  if (finding.verdict == Verdict::changed) ++counts_.changed;
  // A damaged copy is not the one that was promised: that one is still waited for.
  if (finding.verdict == Verdict::intact) arrived({finding.number, finding.recipient}, arrival);
}

void Ledger::arrived(Copy copy, const Arrival& arrival) {
  if (copy.number >= marks_.size()) {
    ++counts_.strangers;  // Never sent.
    return;
  }
  if (has(copy, kArrived)) {
    if (is_in_doubt(arrival, Duration::zero())) {
      // Sent before a kill and taken after it: its repetition, which is marked, may have been
      // faster.
      ++counts_.doubled_after_kill;
      return;
    }
    count_again(copy);
  } else {
    ++counts_.arrived;
    set(copy, kArrived);
    if (has(copy, kAcknowledged))
      waiting_.erase(key_of(copy));
    else
      ++counts_.unconfirmed;
  }
  set(copy, kInDoubt, is_in_doubt(arrival, kLeftover));
  set(copy, kUnanswered, !arrival.is_answered);
  recent_.push_back({arrival.taken, copy});
  while (recent_.front().taken + kMarginMost < arrival.taken) recent_.pop_front();
}

/// By what is known of the arrival before this one.
void Ledger::count_again(Copy copy) {
  if (has(copy, kUnanswered))
    ++counts_.doubled_after_cut;
  else if (has(copy, kInDoubt))
    ++counts_.doubled_after_kill;
  else
    ++counts_.doubled;
}

bool Ledger::is_in_doubt(const Arrival& arrival, Duration leftover) const {
  return std::ranges::any_of(kills_, [&](const Kill& kill) {
    return arrival.taken >= kill.since && arrival.begun - leftover <= kill.restarted;
  });
}

void Ledger::killed(SteadyTime at, Duration margin) {
  const SteadyTime since = at - std::min<Duration>(margin, kMarginMost);
  kills_.push_back({since, SteadyTime::max()});
  if (kills_.size() > kKillsKept) kills_.pop_front();
  for (const Recent& recent : recent_)
    if (recent.taken >= since) set(recent.copy, kInDoubt);
}

void Ledger::restarted(SteadyTime at) {
  if (!kills_.empty()) kills_.back().restarted = at;
}

std::vector<Missing> Ledger::missing(std::size_t count) const {
  std::vector<Missing> all;
  std::ranges::transform(waiting_, std::back_inserter(all), [](const auto& entry) {
    return Missing{copy_of(entry.first), entry.second};
  });
  std::ranges::sort(all, {}, [](const Missing& missing) { return key_of(missing.copy); });
  if (all.size() > count) all.resize(count);
  return all;
}

}  // namespace veredus::torture
