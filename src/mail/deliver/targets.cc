#include "mail/deliver/targets.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace veredus::deliver {

std::vector<std::string> Targets::host_names() const {
  std::vector<std::string> names;
  for (const Target& target : list) {
    const bool is_new = std::ranges::find(names, target.host) == names.end();
    if (is_new && !target.host.empty()) names.push_back(target.host);
  }
  return names;
}

bool Targets::is_one_host() const {
  return std::ranges::all_of(
      list, [this](const Target& target) { return target.host == list.front().host; });
}

TargetFinder::TargetFinder(route::NextHop next_hop, SharedSettings settings,
                           const io::System& system)
    : next_hop_(std::move(next_hop)), settings_(std::move(settings)), system_(system) {}

io::Task<Result<Targets>> TargetFinder::find() {
  if (unused_ && is_recent()) {
    Targets found = std::move(*unused_);
    unused_.reset();
    co_return found;
  }
  auto found = co_await look_up();
  co_return found;
}

io::Task<std::vector<std::string>> TargetFinder::host_names() {
  if (is_lmtp() || is_recent()) co_return names_;
  auto found = co_await look_up();
  unused_.reset();
  if (found) unused_ = std::move(*found);
  co_return names_;
}

bool TargetFinder::is_recent() const {
  return looked_up_ && system_.clock.now() - *looked_up_ < kLife;
}

io::Task<Result<Targets>> TargetFinder::look_up() {
  if (const auto* lmtp = std::get_if<route::Lmtp>(&next_hop_))
    co_return Targets{{Target{lmtp->endpoint, "", lmtp->endpoint.text()}}, {}};
  const route::HostSearch search = settings_->host_search();
  const auto hosts =
      co_await route::find_hosts(next_hop_, search, system_.resolver, system_.random);
  looked_up_ = system_.clock.now();
  names_.clear();
  if (!hosts) co_return fail(hosts.error());
  Targets targets{{}, hosts->unresolved};
  for (const route::Host& host : hosts->list) {
    const io::Endpoint endpoint(host.address, host.port);
    targets.list.push_back(
        Target{endpoint, ascii_lower(host.name), host.name + " [" + endpoint.text() + "]"});
  }
  names_ = targets.host_names();
  co_return targets;
}

}  // namespace veredus::deliver
