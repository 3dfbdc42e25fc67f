// What all sessions of the process use together, so that many small shares have one bound.

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace veredus::accept {

/// Thread-safe counters; who counts up counts down.
struct Load {
  std::atomic<std::uint64_t> body_bytes{0};    ///< In memory, of messages being received.
  std::atomic<std::uint32_t> name_lookups{0};  ///< Of clients' names, under way.
};

/// What one message has in memory, as part of Load::body_bytes.
class BodyShare {
 public:
  explicit BodyShare(std::shared_ptr<Load> load) : load_(std::move(load)) {}
  ~BodyShare() { set(0); }
  BodyShare(const BodyShare&) = delete;
  BodyShare& operator=(const BodyShare&) = delete;

  void set(std::uint64_t bytes) noexcept {
    load_->body_bytes += bytes - std::exchange(bytes_, bytes);  // Unsigned: wraps round and back.
  }
  /// All messages together have more than `bytes_max`.
  bool is_over(std::uint64_t bytes_max) const noexcept { return load_->body_bytes > bytes_max; }

 private:
  std::shared_ptr<Load> load_;
  std::uint64_t bytes_ = 0;
};

/// One look-up under way, as part of Load::name_lookups; goes with the task that does it.
class LookupShare {
 public:
  explicit LookupShare(std::shared_ptr<Load> load) : load_(std::move(load)) {
    ++load_->name_lookups;
  }
  ~LookupShare() {
    if (load_) --load_->name_lookups;
  }
  LookupShare(LookupShare&&) noexcept = default;
  LookupShare& operator=(LookupShare&&) = delete;

 private:
  std::shared_ptr<Load> load_;
};

}  // namespace veredus::accept
