// Delivery into mailboxes of our own.

#pragma once

#include <string>
#include <vector>

#include "io/system.h"
#include "mail/deliver/courier.h"
#include "mail/deliver/maildir.h"
#include "mail/deliver/settings.h"

namespace veredus::deliver {

class MailboxCourier : public Courier {
 public:
  /// `system` and `queue` outlive the courier.
  MailboxCourier(SharedSettings settings, const io::System& system, queue::Queue& queue)
      : settings_(std::move(settings)), system_(system), queue_(queue) {}

  io::Task<std::vector<queue::Outcome>> deliver(const queue::Job& job) override;
  io::Task<> finish() override;

 private:
  // Their errors' texts are reasons: see reason.h.
  io::Task<Result<>> check_room(const queue::Job& job, const MaildirPlace& place);
  io::Task<Result<>> put(const queue::Job& job, MaildirPlace place);
  io::Task<Result<>> copy(const queue::Job& job, MaildirDraft& draft);
  Result<MaildirPlace> place_for(const queue::Job& job, std::uint32_t recipient) const;

  SharedSettings settings_;
  const io::System& system_;
  queue::Queue& queue_;
};

}  // namespace veredus::deliver
