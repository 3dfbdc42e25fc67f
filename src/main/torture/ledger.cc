#include "main/torture/ledger.h"

#include <algorithm>
#include <iterator>

namespace veredus::torture {
namespace {

constexpr unsigned kBitsOfCopy = 4;
static_assert(kRecipientsMax * kBitsOfCopy <= 16);

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

void Ledger::set(Copy copy, Mark mark) {
  std::uint16_t& marks = marks_.at(copy.number);
  marks = static_cast<std::uint16_t>(marks | mark << shift_of(copy));
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

void Ledger::book(const Finding& finding) {
  if (finding.verdict == Verdict::stranger) {
    ++counts_.strangers;
    return;
  }
  if (finding.verdict == Verdict::changed) ++counts_.changed;
  // A damaged copy is not the one that was promised: that one is still waited for.
  if (finding.verdict == Verdict::intact) arrived({finding.number, finding.recipient});
}

void Ledger::arrived(Copy copy) {
  if (copy.number >= marks_.size()) {
    ++counts_.strangers;  // Never sent.
    return;
  }
  if (has(copy, kArrived)) {
    ++counts_.doubled;
    return;
  }
  ++counts_.arrived;
  set(copy, kArrived);
  if (has(copy, kAcknowledged))
    waiting_.erase(key_of(copy));
  else
    ++counts_.unconfirmed;
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
