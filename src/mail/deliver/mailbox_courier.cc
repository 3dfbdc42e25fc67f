#include "mail/deliver/mailbox_courier.h"

#include <utility>
#include <variant>

#include "mail/deliver/outcomes.h"
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
  const std::vector<std::uint32_t> recipients = outcomes.open();
  for (const std::uint32_t recipient : recipients) {
    auto place = place_for(job, recipient);
    if (!place) {
      const Cause cause = place.error().is_transient() ? Cause::reconfigured : Cause::no_mailbox;
      outcomes.set(recipient, state_after(place.error()), reason(cause, place.error().text()), "");
      continue;
    }
    const Result<> written = co_await put(job, std::move(*place));
    if (written)
      outcomes.set(recipient, State::delivered, "2.0.0 Delivered to mailbox", "");
    else
      outcomes.set(recipient, State::deferred, written.error().text(), "");
  }
  co_return outcomes.take();
}

io::Task<> MailboxCourier::finish() { co_return; }

/// Counted anew each time: the owner may have made room by any program. What is over its quota
/// waits for that until it expires.
io::Task<Result<>> MailboxCourier::check_room(const queue::Job& job, const MaildirPlace& place) {
  if (place.quota_bytes == 0) co_return Result<>();
  const auto held = co_await io::run_blocking(
      system_.workers, [&] { return system_.files.octets_below(place.folder); });
  if (!held) co_return fail(unwritten(held.error()));
  if (*held + job.envelope->size <= place.quota_bytes) co_return Result<>();
  co_return fail(Fault::overloaded, reason(Cause::mailbox_full, "The mailbox is full"));
}

/// A body that is in memory anyway costs one call of a worker; of one that is in storage only one
/// chunk is in memory at a time.
io::Task<Result<>> MailboxCourier::put(const queue::Job& job, MaildirPlace place) {
  Result<> done = co_await check_room(job, place);
  if (!done) co_return done;
  if (job.chunks.size() == job.envelope->chunk_count) {
    auto write = [&] { return write_maildir(system_.files, std::move(place), job.chunks); };
    done = co_await io::run_blocking(system_.workers, write);
    if (!done) co_return fail(unwritten(done.error()));
    co_return done;
  }
  MaildirDraft draft(system_.files, std::move(place));
  done = co_await copy(job, draft);
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
