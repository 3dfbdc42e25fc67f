// Delivery over SMTP or LMTP: tries the hosts in order, keeps the connection for the next job.

#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/system.h"
#include "mail/deliver/attempt.h"
#include "mail/deliver/client.h"
#include "mail/deliver/courier.h"
#include "mail/deliver/host_memory.h"
#include "mail/deliver/settings.h"
#include "mail/deliver/source_pool.h"
#include "mail/deliver/targets.h"
#include "mail/route/router.h"

namespace veredus::deliver {

class HostCourier : public Courier {
 public:
  /// What it works with; the references outlive it.
  struct Surroundings {
    const io::System& system;
    queue::Queue& queue;
    HostMemory& memory;  ///< Of the courier's reactor.
    std::shared_ptr<SourcePool> sources;
  };
  HostCourier(route::NextHop next_hop, SharedSettings settings, Surroundings surroundings);

  io::Task<std::vector<std::string>> hosts() override;
  io::Task<std::vector<queue::Outcome>> deliver(const queue::Job& job) override;
  bool wants_following() const override { return kept_.has_value() && may_follow_; }
  void announce(const queue::Job& following) override { following_ = &following; }
  io::Task<> finish() override;

 private:
  /// A connection that was opened.
  struct Line {
    std::unique_ptr<Client> client;
    io::Endpoint endpoint;
    std::optional<SourcePool::Lease> source;  // as long as the connection
    HostMemory::Session session;              // the same
  };
  io::Task<std::expected<Line, Client::Unopened>> connect(Target target);
  io::Task<std::expected<Line, Client::Unopened>> connect_with(Target target,
                                                               route::HopSecurity security);
  io::Task<bool> try_kept(Attempt& attempt);
  io::Task<> try_targets(Attempt& attempt);
  io::Task<bool> ask_again(std::vector<Target> targets, Attempt& attempt);
  io::Task<bool> try_target(Target target, Attempt& attempt);
  io::Task<bool> try_line(Line line, Attempt& attempt);
  io::Task<> keep_or_quit(Line line);
  bool all_rest(const Targets& targets) const;
  void note(const Target& target, const Client::Unopened& failure, Attempt& attempt);
  const DeliverConfig& config() const noexcept { return settings_->deliver; }
  SteadyTime now() const { return surroundings_.system.clock.now(); }

  SharedSettings settings_;
  Surroundings surroundings_;
  route::HopSecurity security_;
  TargetFinder finder_;
  std::optional<Line> kept_;
  const queue::Job* following_ = nullptr;  // For the next deliver().
  bool may_follow_ = true;  // Until what was offered behind a message came to nothing.
};

}  // namespace veredus::deliver
