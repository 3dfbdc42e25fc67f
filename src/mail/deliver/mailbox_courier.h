// Delivery into mailboxes of our own.

#pragma once

#include <cstdint>
#include <vector>

#include "io/system.h"
#include "mail/deliver/courier.h"
#include "mail/deliver/mailbox_writer.h"
#include "mail/deliver/maildir.h"
#include "mail/deliver/outcomes.h"
#include "mail/deliver/settings.h"

namespace veredus::deliver {

class MailboxCourier : public Courier {
 public:
  /// All but `settings` outlive the courier.
  MailboxCourier(SharedSettings settings, const io::System& system, queue::Queue& queue,
                 MailboxWriter& writer)
      : settings_(std::move(settings)), system_(system), queue_(queue), writer_(writer) {}

  io::Task<std::vector<queue::Outcome>> deliver(const queue::Job& job) override;
  io::Task<> finish() override;

 private:
  /// What can be tried: the places, and whose they are.
  struct Copies {
    const queue::Job& job;
    std::vector<std::uint32_t> recipients = {};
    std::vector<MaildirPlace> places = {};
  };

  // Their errors' texts are reasons: see reason.h.
  io::Task<Result<>> check_room(const Copies& copies, const MaildirPlace& place);
  io::Task<> choose(Copies& copies, std::uint32_t recipient, Outcomes& outcomes);
  io::Task<std::vector<Result<>>> write(const queue::Job& job, std::vector<MaildirPlace> places);
  io::Task<Result<>> write_stored(const queue::Job& job, MaildirPlace place);
  io::Task<Result<>> copy(const queue::Job& job, MaildirDraft& draft);
  Result<MaildirPlace> place_for(const queue::Job& job, std::uint32_t recipient) const;

  SharedSettings settings_;
  const io::System& system_;
  queue::Queue& queue_;
  MailboxWriter& writer_;
};

}  // namespace veredus::deliver
