// Delivery over SMTP or LMTP: finds the hosts, connects, keeps the connection for the next job.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/system.h"
#include "mail/deliver/client.h"
#include "mail/deliver/courier.h"
#include "mail/deliver/outcomes.h"
#include "mail/deliver/settings.h"
#include "mail/route/router.h"
#include "wire/smtp/dialogue.h"

namespace veredus::deliver {

class HostCourier : public Courier {
 public:
  /// `system` and `queue` outlive the courier.
  HostCourier(route::NextHop next_hop, SharedSettings settings, const io::System& system,
              queue::Queue& queue);

  io::Task<std::vector<queue::Outcome>> deliver(const queue::Job& job) override;
  io::Task<> finish() override;

 private:
  /// One address to connect to.
  struct Target {
    io::Endpoint endpoint;
    std::string name;  ///< For people: host and address.
  };
  /// What came of the last host that was passed over. Each of them may serve the next time.
  struct Failure {
    std::string reply;
    std::string remote;
    bool unreachable = true;  ///< No host got as far as a transaction.
  };

  io::Task<Result<std::vector<Target>>> find_targets() const;
  io::Task<Result<std::unique_ptr<Client>>> connect(Target target) const;
  io::Task<bool> try_kept(const queue::Job& job, Outcomes& outcomes);
  io::Task<bool> try_target(Target target, const queue::Job& job, Outcomes& outcomes,
                            Failure& failure);
  static void settle(const Failure& failure, Outcomes& outcomes);
  io::Task<> try_targets(const queue::Job& job, Outcomes& outcomes);
  io::Task<> keep_or_quit(std::unique_ptr<Client> client);
  const DeliverConfig& config() const noexcept { return settings_->deliver; }

  route::NextHop next_hop_;
  SharedSettings settings_;
  const io::System& system_;
  queue::Queue& queue_;
  std::unique_ptr<Client> kept_;
};

}  // namespace veredus::deliver
