// Our own addresses that connections come from, and how many come from each.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/ip.h"

namespace veredus::deliver {

/// Shared by all reactors: its counters are atomic.
class SourcePool {
  struct Source {
    explicit Source(const IpAddress& from) : address(from) {}
    IpAddress address;
    std::atomic<std::uint32_t> connections = 0;
  };

 public:
  /// One connection's source address, counted as in use as long as this lives.
  class Lease {
   public:
    const IpAddress& address() const noexcept { return source_->address; }

   private:
    friend class SourcePool;
    struct GiveBack {
      void operator()(Source* source) const noexcept { --source->connections; }
    };
    Lease(std::shared_ptr<const SourcePool> pool, Source* source)
        : pool_(std::move(pool)), source_(source) {}

    std::shared_ptr<const SourcePool> pool_;  // Keeps what source_ points to.
    std::unique_ptr<Source, GiveBack> source_;
  };

  /// Empty: the system chooses.
  explicit SourcePool(const std::vector<IpAddress>& addresses);

  /// The least used address of the same family as `peer`, in turn among equals; the lease keeps the
  /// pool alive. Nothing when there is none of that family: then the system chooses.
  static std::optional<Lease> take(const std::shared_ptr<SourcePool>& pool, const IpAddress& peer);

  /// Connections that come from this address now.
  std::uint32_t connections(const IpAddress& address) const;

 private:
  Source* least_used(bool is_v4);

  std::vector<std::unique_ptr<Source>> sources_;
  std::atomic<std::size_t> turn_ = 0;
};

}  // namespace veredus::deliver
