#include "mail/deliver/mailbox_courier.h"

#include <utility>
#include <variant>

#include "mail/deliver/outcomes.h"
#include "wire/mime/received.h"

namespace veredus::deliver {
namespace {

using queue::State;

std::string return_path(const smtp::ReversePath& sender) {
  return mime::return_path_field(sender.is_null() ? std::string() : sender.address()->text());
}

}  // namespace

io::Task<std::vector<queue::Outcome>> MailboxCourier::deliver(const queue::Job& job) {
  Outcomes outcomes(job);
  const auto body = co_await load(job);
  if (!body) {
    outcomes.set_rest(State::deferred, "4.3.0 " + body.error().text(), "");
    co_return outcomes.take();
  }
  const std::vector<std::uint32_t> recipients = outcomes.open();
  for (const std::uint32_t recipient : recipients) {
    auto message = address_to(job, recipient);
    if (!message) {
      outcomes.set(recipient, State::failed, "5.1.1 " + message.error().text(), "");
      continue;
    }
    message->chunks = *body;
    io::Files& files = system_.files;
    auto write = [&files, &letter = *message] { return write_maildir(files, letter); };
    const Result<> written = co_await io::run_blocking(system_.workers, write);
    if (written)
      outcomes.set(recipient, State::delivered, "2.0.0 Delivered to mailbox", "");
    else
      outcomes.set(recipient, State::deferred,
                   (written.error().fault() == Fault::overloaded ? "4.3.1 " : "4.3.0 ") +
                       written.error().text(),
                   "");
  }
  co_return outcomes.take();
}

io::Task<> MailboxCourier::finish() { co_return; }

io::Task<Result<std::vector<Bytes>>> MailboxCourier::load(const queue::Job& job) {
  std::vector<Bytes> chunks;
  for (std::uint32_t index = 0; index < job.envelope->chunk_count; ++index) {
    auto chunk = co_await queue_.chunk(job, index);
    if (!chunk) co_return fail(chunk.error());
    chunks.push_back(std::move(*chunk));
  }
  co_return chunks;
}

Result<MaildirMessage> MailboxCourier::address_to(const queue::Job& job,
                                                  std::uint32_t recipient) const {
  const smtp::Address& address = job.envelope->recipients[recipient].address;
  const auto next_hop = settings_->router->next_hop(address);
  if (!next_hop) return fail(next_hop.error());
  const auto* mailbox = std::get_if<route::LocalMailbox>(&*next_hop);
  if (mailbox == nullptr)
    return fail(Fault::refused, "<" + address.text() + "> is no mailbox here any more");
  MaildirMessage message;
  message.folder = settings_->deliver.mail_folder + "/" + mailbox->path;
  message.name = maildir_name(job.envelope->received_at, text(job.envelope->id), recipient,
                              settings_->deliver.hostname);
  message.fields = return_path(job.envelope->sender) + mime::delivered_to_field(address.text());
  return message;
}

}  // namespace veredus::deliver
