#include "mail/deliver/source_pool.h"

#include <algorithm>

namespace veredus::deliver {

SourcePool::SourcePool(const std::vector<IpAddress>& addresses) {
  for (const IpAddress& address : addresses) sources_.push_back(std::make_unique<Source>(address));
}

std::optional<SourcePool::Lease> SourcePool::take(const std::shared_ptr<SourcePool>& pool,
                                                  const IpAddress& peer) {
  Source* source = pool->least_used(peer.is_v4());
  if (source == nullptr) return std::nullopt;
  return Lease(pool, source);
}

/// Counted already when it returns. Another reactor may take the same one between look and count:
/// then look again.
SourcePool::Source* SourcePool::least_used(bool is_v4) {
  for (;;) {
    const std::size_t first = turn_++;
    Source* best = nullptr;
    std::uint32_t least = 0;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      Source& source = *sources_[(first + i) % sources_.size()];
      if (source.address.is_v4() != is_v4) continue;
      const std::uint32_t connections = source.connections;
      if (best != nullptr && connections >= least) continue;
      best = &source;
      least = connections;
    }
    if (best == nullptr || best->connections.compare_exchange_strong(least, least + 1)) return best;
  }
}

std::uint32_t SourcePool::connections(const IpAddress& address) const {
  const auto found =
      std::ranges::find(sources_, address, [](const auto& source) { return source->address; });
  return found == sources_.end() ? 0 : (*found)->connections.load();
}

}  // namespace veredus::deliver
