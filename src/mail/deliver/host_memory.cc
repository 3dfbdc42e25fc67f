#include "mail/deliver/host_memory.h"

#include <algorithm>
#include <utility>

namespace veredus::deliver {

void HostMemory::EndSession::operator()(OpenHosts::value_type* host) const noexcept {
  if (--host->second.sessions == 0) all->erase(all->find(host->first));
}

const HostMemory::Failure* HostMemory::resting(const io::Endpoint& host, SteadyTime now) const {
  const auto found = by_host_.find(host);
  if (found == by_host_.end() || now >= found->second->until) return nullptr;
  return &found->second->failure;
}

void HostMemory::tried(const io::Endpoint& host, SteadyTime now) {
  const auto found = by_host_.find(host);
  if (found == by_host_.end()) return;
  Entry& entry = *found->second;
  if (now >= entry.until) entry.until = now + entry.pause;
}

void HostMemory::failed(const io::Endpoint& host, Failure failure, Duration pause) {
  const auto [found, is_new] = by_host_.try_emplace(host);
  if (is_new) {
    found->second = entries_.insert(entries_.end(), Entry{host, {}});
  } else {
    entries_.splice(entries_.end(), entries_, found->second);
  }
  Entry& entry = *found->second;
  const bool in_a_row = !is_new && failure.at - entry.failure.at < kForgottenAfter;
  // Several attempts that were under way together are one failure.
  const bool is_same = in_a_row && failure.at - entry.failure.at < entry.pause;
  if (!in_a_row)
    entry.pause = pause;
  else if (!is_same)
    entry.pause = std::min(2 * entry.pause, std::max(pause, kPauseMax));
  entry.until = failure.at + entry.pause;
  entry.failure = std::move(failure);
  if (by_host_.size() > hosts_max_) forget_oldest();
}

HostMemory::Session HostMemory::opened(const io::Endpoint& host, SteadyTime now) {
  const auto found = open_->try_emplace(host).first;
  ++found->second.sessions;
  Session session(&*found, EndSession{open_});
  succeeded(host, now);
  return session;
}

bool HostMemory::works(const io::Endpoint& host, SteadyTime now) const {
  const auto found = open_->find(host);
  return found != open_->end() && now - found->second.last_success < kWorksFor;
}

void HostMemory::succeeded(const io::Endpoint& host, SteadyTime now) {
  if (const auto open = open_->find(host); open != open_->end()) open->second.last_success = now;
  const auto found = by_host_.find(host);
  if (found == by_host_.end()) return;
  entries_.erase(found->second);
  by_host_.erase(found);
}

void HostMemory::clear() {
  by_host_.clear();
  entries_.clear();
}

void HostMemory::forget_oldest() {
  by_host_.erase(entries_.front().host);
  entries_.pop_front();
}

}  // namespace veredus::deliver
