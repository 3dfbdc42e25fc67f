// Queues of what waits for a destination: in order of arrival, and by turns between senders.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "mail/queue/sender_key.h"

namespace veredus::queue {

/// First in, first out, without std::deque's half kilobyte when empty. All O(1) over time, but
/// for those that look at everything.
template <class T>
class Fifo {
 public:
  bool empty() const noexcept { return head_ == items_.size(); }
  std::size_t size() const noexcept { return items_.size() - head_; }
  const T& front() const { return items_[head_]; }

  void push(T item) { items_.push_back(item); }
  /// For what was in front already and could not go: cheap after pop().
  void push_front(T item) {
    if (head_ > 0) {
      items_[--head_] = item;
    } else {
      items_.insert(items_.begin(), item);
    }
  }
  T pop() {
    const T item = items_[head_++];
    if (empty()) {
      clear();
    } else if (head_ >= 64 && head_ * 2 >= items_.size()) {
      items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(head_));
      head_ = 0;
    }
    return item;
  }
  void clear() {
    items_ = {};
    head_ = 0;
  }

  /// Removes what `unwanted` says; returns how many.
  template <class Unwanted>
  std::size_t remove_if(Unwanted unwanted) {
    const auto first = items_.begin() + static_cast<std::ptrdiff_t>(head_);
    const auto last = std::remove_if(first, items_.end(), unwanted);
    const auto removed = static_cast<std::size_t>(items_.end() - last);
    items_.erase(last, items_.end());
    if (empty()) clear();
    return removed;
  }

  auto begin() { return items_.begin() + static_cast<std::ptrdiff_t>(head_); }
  auto end() { return items_.end(); }
  auto begin() const { return items_.begin() + static_cast<std::ptrdiff_t>(head_); }
  auto end() const { return items_.end(); }

 private:
  std::vector<T> items_;
  std::size_t head_ = 0;
};

/// Messages that wait, of each sender in order of arrival, senders by turns: a message goes out
/// after at most one of every other sender for each of its own sender's before it. Empty it is one
/// pointer; each operation is O(1) unless it says otherwise.
class FairQueue {
 public:
  struct Item {
    QueueId id{};
    SenderKey sender{};
  };

  bool empty() const noexcept { return !lanes_; }
  std::size_t size() const noexcept { return lanes_ ? lanes_->size : 0; }

  void push(Item item) {
    if (!lanes_) lanes_ = std::make_unique<Lanes>();
    const auto [lane, is_new] = lanes_->of.try_emplace(item.sender);
    lane->second.push({item.id});
    if (is_new) lanes_->turns.push(item.sender);
    ++lanes_->size;
  }

  /// What pop() would take. Not when empty.
  Item front() const {
    const SenderKey sender = lanes_->turns.front();
    return {lanes_->of.at(sender).front().id, sender};
  }
  /// Not when empty.
  Item pop() {
    const SenderKey sender = lanes_->turns.pop();
    const auto lane = lanes_->of.find(sender);
    const QueueId id = lane->second.pop().id;
    if (lane->second.empty()) {
      lanes_->of.erase(lane);
    } else {
      lanes_->turns.push(sender);
    }
    if (--lanes_->size == 0) lanes_.reset();
    return {id, sender};
  }

  /// All, sender by sender, each one's in their order. O(size).
  std::vector<Item> all() const {
    std::vector<Item> items;
    if (!lanes_) return items;
    items.reserve(lanes_->size);
    for (const SenderKey sender : lanes_->turns)
      std::ranges::transform(lanes_->of.at(sender), std::back_inserter(items),
                             [sender](Waiting waiting) { return Item{waiting.id, sender}; });
    return items;
  }

  /// The messages of a higher level than when they were last looked at here; `level_of(QueueId)`
  /// is above 0 for what is worth a look. O(size).
  template <class LevelOf>
  std::vector<QueueId> grown(const LevelOf& level_of) {
    std::vector<QueueId> ids;
    if (!lanes_) return ids;
    for (auto& [sender, lane] : lanes_->of) {
      for (Waiting& waiting : lane) {
        const std::uint8_t level = level_of(waiting.id);
        if (level > waiting.level) ids.push_back(waiting.id);
        waiting.level = std::max(level, waiting.level);
      }
    }
    return ids;
  }

  /// Removes what `unwanted(QueueId)` says; returns how many. O(size).
  template <class Unwanted>
  std::size_t remove_if(Unwanted unwanted) {
    if (!lanes_) return 0;
    std::size_t removed = 0;
    for (auto& [sender, lane] : lanes_->of)
      removed += lane.remove_if([&](Waiting waiting) { return unwanted(waiting.id); });
    std::erase_if(lanes_->of, [](const auto& lane) { return lane.second.empty(); });
    lanes_->turns.remove_if([this](SenderKey sender) { return !lanes_->of.contains(sender); });
    lanes_->size -= removed;
    if (lanes_->size == 0) lanes_.reset();
    return removed;
  }

  void clear() { lanes_.reset(); }

 private:
  struct Waiting {
    QueueId id{};
    std::uint8_t level = 0;  ///< At the last look.
  };
  struct Lanes {
    std::unordered_map<SenderKey, Fifo<Waiting>> of;  ///< Of senders with something that waits.
    Fifo<SenderKey> turns;                            ///< The same senders, who is next in front.
    std::size_t size = 0;
  };
  std::unique_ptr<Lanes> lanes_;  ///< Null when empty.
};

}  // namespace veredus::queue
