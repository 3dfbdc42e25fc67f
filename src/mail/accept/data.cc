// DATA: from 354 to the promise (RFC 5321 §4.1.1.4, §6.1).

#include <utility>

#include "base/log.h"
#include "mail/accept/message_reader.h"
#include "mail/accept/session.h"
#include "wire/mime/received.h"

namespace veredus::accept {
namespace {

constexpr std::chrono::seconds kNamePatience{2};  // For the client's name, from here on.
constexpr std::string_view kGoOn = "354 End the message with a dot on a line of its own\r\n";

std::string joined(const std::vector<queue::Recipient>& recipients) {
  constexpr std::size_t kShown = 5;
  std::string all;
  for (std::size_t i = 0; i < recipients.size() && i < kShown; ++i) {
    all += i == 0 ? "<" : ",<";
    recipients[i].address.append_to(all);
    all += '>';
  }
  if (recipients.size() > kShown) all += ",...";
  return all;
}

}  // namespace

io::Task<> Session::trace_client(mime::Trace& trace) {
  if (account_ && settings_->submission.hide_client) co_return;
  trace.helo = helo_;
  const io::Endpoint& peer = connection_.peer();
  if (!peer.is_unix()) trace.client_address = peer.address();
  if (client_name_)
    trace.client_name = co_await client_name_->get(kNamePatience);
  else if (!peer.is_unix() && peer.address().is_loopback())
    trace.client_name = "localhost";
}

/// What a client's certificate came to; nothing where it showed none.
std::string Session::client_certificate() const {
  if (tls_->verified) return ", client certificate verified";
  if (tls_->problem.empty()) return "";
  return ", client certificate not verified: " + tls_->problem;
}

io::Task<std::string> Session::trace_field(QueueId id) {
  mime::Trace trace;
  co_await trace_client(trace);
  trace.by = config().hostname;
  trace.protocol = protocol();
  if (tls_) {
    trace.tls_cipher = tls_->cipher;
    trace.note = tls_->version + client_certificate();
  }
  trace.id = text(id);
  trace.recipient = transaction_.sole_recipient();
  trace.time = surroundings_.system.clock.wall();
  co_return mime::received_field(trace);
}

io::Task<smtp::Reply> Session::on_data() {
  if (account_) {
    auto refusal = co_await refuse_amount();
    if (refusal) end_transaction();
    if (refusal) co_return std::move(*refusal);
  }
  const QueueId id = surroundings_.queue.new_id();
  std::string trace = co_await trace_field(id);
  MessageReader reader(config(), surroundings_, id, std::move(trace), submitted());
  connection_.put(kGoOn);
  auto refusal = co_await reader.read(connection_);
  if (!refusal || *refusal) {
    refund(transaction_.accepted());
    co_await reader.discard();
    end_transaction();
    if (refusal) co_return std::move(**refusal);
    co_return broken_off(refusal.error());
  }
  queue::Message message;
  const std::size_t charged = transaction_.accepted();
  message.envelope = transaction_.take_envelope();
  end_transaction();
  reader.give(message);
  smtp::Reply reply = co_await queue_message(std::move(message));
  if (!reply.is_positive()) refund(charged);
  co_return reply;
}

/// What refuse_amount() counted was not sent.
void Session::refund(std::size_t recipients) {
  if (account_) surroundings_.users->meter.refund(account_->address, recipients);
}

/// The message did not come to its end; the session is over.
smtp::Reply Session::broken_off(const Error& error) {
  if (error.fault() == Fault::overloaded)
    farewell(smtp::Reply(552, {5, 3, 4}, "Message is far too large"));
  else if (error.fault() == Fault::cancelled)
    farewell(smtp::Reply(421, {4, 4, 2}, config().hostname + " waited too long for the message"));
  else
    farewell(smtp::Reply(421, {4, 4, 2}, "Connection lost"));
  log::info("message_broken_off",
            {{"session", text(id_)}, {"client", client_text_}, {"reason", error.text()}});
  return *farewell_;
}

io::Task<smtp::Reply> Session::queue_message(queue::Message message) {
  queue::Envelope& envelope = message.envelope;
  envelope.received_at = surroundings_.system.clock.wall();
  const std::string tls = tls_ ? io::describe(*tls_) : "";
  envelope.origin = queue::Origin{client_text_,
                                  helo_,
                                  protocol(),
                                  account_ ? account_->address : "",
                                  static_cast<std::uint64_t>(id_),
                                  tls};
  const QueueId id = envelope.id;
  const std::string sender = envelope.sender.text();
  const std::string recipients = joined(envelope.recipients);
  const std::uint64_t size = envelope.size;

  const Result<> queued = co_await surroundings_.queue.submit(std::move(message));
  if (!queued) co_return storage_refusal(queued.error());  // The queue has logged why.
  log::info("message_accepted", {{"session", text(id_)},
                                 {"queue_id", text(id)},
                                 {"client", client_text_},
                                 {"tls", tls},
                                 {"account", account_ ? account_->address : ""},
                                 {"from", sender},
                                 {"to", recipients},
                                 {"size", size}});
  idle_commands_ = 0;
  co_return smtp::Reply(250, {2, 0, 0}, "Queued as " + text(id));
}

}  // namespace veredus::accept
