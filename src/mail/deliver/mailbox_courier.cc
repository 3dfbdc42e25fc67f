#include "mail/deliver/mailbox_courier.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "mail/deliver/reason.h"
#include "wire/mime/received.h"

namespace veredus::deliver {
namespace {

using queue::State;

std::string return_path(const smtp::ReversePath& sender) {
  return mime::return_path_field(sender.is_null() ? std::string() : sender.address()->text());
}

/// What an error of the mailbox means: its text begins with the status code.
Error unwritten(const Error& error) {
  const Cause cause = error.fault() == Fault::overloaded ? Cause::no_space : Cause::mailbox;
  return {error.fault(), reason(cause, error.text())};
}

}  // namespace

io::Task<std::vector<queue::Outcome>> MailboxCourier::deliver(const queue::Job& job) {
  Outcomes outcomes(job, system_.clock);
  Copies copies{job};
  const std::vector<std::uint32_t> open = outcomes.open();
  for (const std::uint32_t recipient : open) co_await choose(copies, recipient, outcomes);
  const std::vector<Result<>> written = co_await write(job, std::move(copies.places));
  for (std::size_t i = 0; i < written.size(); ++i) {
    if (written[i])
      outcomes.set(copies.recipients[i], State::delivered, "2.0.0 Delivered to mailbox", "");
    else
      outcomes.set(copies.recipients[i], State::deferred, written[i].error().text(), "");
  }
  co_return outcomes.take();
}

io::Task<> MailboxCourier::finish() { co_return; }

/// A recipient who has a mailbox with room is among the copies afterwards; any other has an
/// outcome.
io::Task<> MailboxCourier::choose(Copies& copies, std::uint32_t recipient, Outcomes& outcomes) {
  auto place = place_for(copies.job, recipient);
  if (!place) {
    const Cause cause = place.error().is_transient() ? Cause::reconfigured : Cause::no_mailbox;
    outcomes.set(recipient, state_after(place.error()), reason(cause, place.error().text()), "");
    co_return;
  }
  const Result<> room = co_await check_room(copies, *place);
  if (!room) {
    outcomes.set(recipient, State::deferred, room.error().text(), "");
    co_return;
  }
  copies.recipients.push_back(recipient);
  copies.places.push_back(std::move(*place));
}

/// Counted anew each time: the owner may have made room by any program. What is over its quota
/// waits for that until it expires. Messages that are written at the same moment do not see each
/// other: a mailbox may get more than its quota by as many.
io::Task<Result<>> MailboxCourier::check_room(const Copies& copies, const MaildirPlace& place) {
  if (place.quota_bytes == 0) co_return Result<>();
  const auto held = co_await io::run_blocking(
      system_.workers, [&] { return system_.files.octets_below(place.folder); });
  if (!held) co_return fail(unwritten(held.error()));
  const auto same = std::ranges::count(copies.places, place.folder, &MaildirPlace::folder);
  const std::uint64_t coming = (static_cast<std::uint64_t>(same) + 1) * copies.job.envelope->size;
  if (*held + coming <= place.quota_bytes) co_return Result<>();
  co_return fail(Fault::overloaded, reason(Cause::mailbox_full, "The mailbox is full"));
}

/// A body that is in memory anyway is written together with others; of one that is in storage only
/// one chunk is in memory at a time.
io::Task<std::vector<Result<>>> MailboxCourier::write(const queue::Job& job,
                                                      std::vector<MaildirPlace> places) {
  std::vector<Result<>> written;
  if (job.chunks.size() == job.envelope->chunk_count) {
    written = co_await writer_.write(std::move(places), job.chunks);
    for (Result<>& one : written)
      if (!one) one = fail(unwritten(one.error()));
    co_return written;
  }
  for (MaildirPlace& place : places) {
    Result<> one = co_await write_stored(job, std::move(place));
    written.push_back(std::move(one));
  }
  co_return written;
}

io::Task<Result<>> MailboxCourier::write_stored(const queue::Job& job, MaildirPlace place) {
  MaildirDraft draft(system_.files, std::move(place));
  const Result<> done = co_await copy(job, draft);
  if (!done) co_await system_.workers.run([&draft] { draft.discard(); });
  co_return done;
}

io::Task<Result<>> MailboxCourier::copy(const queue::Job& job, MaildirDraft& draft) {
  const std::uint32_t count = job.envelope->chunk_count;
  for (std::uint32_t index = 0; index < count; ++index) {
    const Result<Bytes> chunk = co_await queue_.chunk(job, index);
    if (!chunk) co_return fail(Fault::unavailable, reason(Cause::storage, chunk.error().text()));
    auto write = [&draft, octets = chunk->view(), is_last = index + 1 == count] {
      const Result<> written = draft.write(octets);
      return written && is_last ? draft.finish() : written;
    };
    const Result<> written = co_await io::run_blocking(system_.workers, write);
    if (!written) co_return fail(unwritten(written.error()));
  }
  co_return Result<>();
}

Result<MaildirPlace> MailboxCourier::place_for(const queue::Job& job,
                                               std::uint32_t recipient) const {
  const smtp::Address& address = job.envelope->recipients[recipient].address;
  const auto next_hop = settings_->router->next_hop(address);
  if (!next_hop) return fail(next_hop.error());
  const auto* mailbox = std::get_if<route::LocalMailbox>(&*next_hop);
  if (mailbox == nullptr)
    return fail(Fault::unavailable,
                "The configuration has changed: <" + address.text() + "> is no mailbox here now");
  MaildirPlace place;
  place.folder = settings_->deliver.mail_folder + "/" + mailbox->path;
  place.name = maildir_name(job.envelope->received_at, text(job.envelope->id), recipient,
                            settings_->deliver.hostname);
  place.quota_bytes = mailbox->quota_bytes;
  place.fields = return_path(job.envelope->sender) + mime::delivered_to_field(address.text());
  return place;
}

}  // namespace veredus::deliver
