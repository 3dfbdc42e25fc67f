// The steps of a mail transaction: offer it, send the message, read what became of it.

#include <utility>

#include "mail/deliver/body.h"
#include "mail/deliver/client.h"
#include "mail/deliver/reason.h"
#include "wire/mime/convert_8bit.h"

namespace veredus::deliver {
namespace {

using queue::State;
using smtp::Extension;
using smtp::PeerReply;

constexpr std::size_t kFollowingRecipientsMax = 20;
constexpr std::size_t kTextCapacityKept = 1024;  // More is not worth keeping while idle.

/// Why the message did not get to its end.
std::string unsent_reason(const Error& error) {
  if (error.fault() == Fault::cancelled)
    return reason(Cause::no_answer, "the host took no more of the message: " + error.text());
  return reason(Cause::connection_lost,
                "the connection broke while the message was being sent: " + error.text());
}

}  // namespace

State Client::accepted_state() const noexcept {
  return protocol_ == smtp::Protocol::lmtp ? State::delivered : State::relayed;
}

bool Client::is_too_large(const queue::Job& job) const {
  return peer_.size_max() && job.envelope->size > *peer_.size_max();
}

bool Client::needs_conversion(const queue::Job& job) const {
  return job.envelope->body != smtp::Body::seven_bit && !peer_.has(Extension::eight_bit_mime);
}

/// Whether it can be offered as it is, before its turn. Not what has many recipients: a peer that
/// does not read on before it has answered must not keep us from reading that.
bool Client::may_follow(const queue::Job& job) const {
  return job.recipients.size() <= kFollowingRecipientsMax && peer_.has(Extension::pipelining) &&
         !is_too_large(job) && !needs_conversion(job);
}

/// What can be decided without asking: false when nothing is left to send.
io::Task<bool> Client::prepare(Transaction& transaction) {
  const queue::Envelope& envelope = *transaction.job.envelope;
  if (is_too_large(transaction.job)) {
    const std::string sentence = "the message has " + std::to_string(envelope.size) +
                                 " octets, and the next hop takes at most " +
                                 std::to_string(*peer_.size_max());
    transaction.outcomes.set_rest(State::failed, reason(Cause::too_large, sentence), remote_);
    co_return false;
  }
  if (!needs_conversion(transaction.job)) co_return true;

  // RFC 6152 §3: convert, or return as undeliverable.
  const Result<std::string> body = co_await load_body(queue_, transaction.job);
  if (!body) {
    transaction.outcomes.set_rest(State::deferred, reason(Cause::storage, body.error().text()),
                                  remote_);
    co_return false;
  }
  // A large message takes its time, in which the reactor has other sessions to serve.
  auto convert = [&body] { return mime::to_seven_bit(*body); };
  auto converted = co_await io::run_blocking(workers_, convert);
  if (!converted) {
    const std::string sentence =
        "the next hop takes only 7-bit mail and this message cannot be converted: " +
        converted.error().text();
    transaction.outcomes.set_rest(State::failed, reason(Cause::not_convertible, sentence), remote_);
    co_return false;
  }
  transaction.converted = std::move(*converted);
  co_return true;
}

/// `converted`: the body in 7 bits, if that is what goes out.
void Client::put_mail(std::string& out, const queue::Job& job, const std::string& converted) const {
  const queue::Envelope& envelope = *job.envelope;
  out += "MAIL FROM:";
  envelope.sender.append_to(out);
  if (peer_.has(Extension::size)) {
    out += " SIZE=";
    out += std::to_string(converted.empty() ? envelope.size : converted.size());
  }
  if (envelope.body == smtp::Body::eight_bit_mime && converted.empty()) out += " BODY=8BITMIME";
  out += "\r\n";
}

/// RFC 2920 §3.1: all in one packet, DATA last.
void Client::put_offer(std::string& out, const queue::Job& job,
                       const std::vector<std::uint32_t>& recipients,
                       const std::string& converted) const {
  put_mail(out, job, converted);
  for (const std::uint32_t recipient : recipients) put_rcpt(out, job, recipient);
  out += "DATA\r\n";
}

void Client::put_rcpt(std::string& out, const queue::Job& job, std::uint32_t recipient) {
  out += "RCPT TO:<";
  job.envelope->recipients[recipient].address.append_to(out);
  out += ">\r\n";
}

void Client::take_mail_reply(Transaction& transaction, const PeerReply& reply) {
  transaction.mail_accepted = is_done(reply);
  if (!transaction.mail_accepted)
    transaction.outcomes.set_rest(state_after(reply, State::deferred), reply.verbatim(), remote_);
}

void Client::take_rcpt_reply(Transaction& transaction, std::uint32_t recipient,
                             const PeerReply& reply) {
  if (is_done(reply))
    transaction.accepted.push_back(recipient);
  else
    transaction.outcomes.set(recipient, state_after(reply, State::deferred, ReplyTo::rcpt),
                             reply.verbatim(), remote_);
}

/// A reply before the message is sent. 421: the host goes away, perhaps only because we kept the
/// connection too long; nothing is lost by asking elsewhere.
io::Task<Client::Answer> Client::read_step(Step step) {
  const auto reply = co_await read_reply(step);
  if (reply && (*reply)->code == 421) co_return fail(Fault::unavailable, (*reply)->verbatim());
  co_return reply;
}

/// True when the peer waits for the message.
io::Task<Result<bool>> Client::offer(Transaction& transaction) {
  return peer_.has(Extension::pipelining) ? offer_pipelined(transaction)
                                          : offer_stepwise(transaction);
}

/// All at once, unless that was done behind the last message; then the replies in order.
io::Task<Result<bool>> Client::offer_pipelined(Transaction& transaction) {
  const std::vector<std::uint32_t> recipients = transaction.outcomes.open();
  transaction.accepted.reserve(recipients.size());
  const auto offered = std::exchange(offered_, std::nullopt);
  const bool is_another =
      offered && (offered->id != transaction.job.envelope->id || offered->recipients != recipients);
  if (is_another)
    co_return fail(Fault::unavailable, reason(Cause::our_fault, "another message was offered"));
  if (!offered) put_offer(connection_.output(), transaction.job, recipients, transaction.converted);

  const auto mail = co_await read_step(Step::mail);
  if (!mail) co_return fail(mail.error());
  take_mail_reply(transaction, **mail);
  for (const std::uint32_t recipient : recipients) {
    const auto rcpt = co_await read_step(Step::rcpt);
    if (!rcpt) co_return fail(rcpt.error());
    if (transaction.mail_accepted) take_rcpt_reply(transaction, recipient, **rcpt);
  }
  const auto data = co_await read_step(Step::data);
  if (!data) co_return fail(data.error());
  if ((*data)->code == 354 && transaction.accepted.empty()) {
    // A peer that wants a message for nobody gets an empty one (RFC 2920 §3.1).
    const auto emptied = co_await command(".", Step::message);
    if (!emptied) co_return fail(emptied.error());
    co_return false;
  }
  co_return is_wanted(transaction, **data);
}

/// What DATA was answered with: true when the peer waits for the message.
bool Client::is_wanted(Transaction& transaction, const PeerReply& reply) {
  if (reply.code == 354) return true;
  transaction.outcomes.set_rest(state_after(reply, State::deferred), reply.verbatim(), remote_);
  transaction.accepted.clear();
  return false;
}

io::Task<Result<bool>> Client::offer_stepwise(Transaction& transaction) {
  const std::vector<std::uint32_t> recipients = transaction.outcomes.open();
  transaction.accepted.reserve(recipients.size());
  put_mail(connection_.output(), transaction.job, transaction.converted);
  const auto mail = co_await read_step(Step::mail);
  if (!mail) co_return fail(mail.error());
  take_mail_reply(transaction, **mail);
  if (!transaction.mail_accepted) co_return false;

  for (const std::uint32_t recipient : recipients) {
    put_rcpt(connection_.output(), transaction.job, recipient);
    const auto rcpt = co_await read_step(Step::rcpt);
    if (!rcpt) co_return fail(rcpt.error());
    take_rcpt_reply(transaction, recipient, **rcpt);
  }
  if (transaction.accepted.empty()) co_return false;

  connection_.put("DATA\r\n");
  const auto data = co_await read_step(Step::data);
  if (!data) co_return fail(data.error());
  co_return is_wanted(transaction, **data);
}

io::Task<Result<>> Client::send_message(Transaction& transaction) {
  const queue::Job* following = transaction.following;
  const bool offers = following != nullptr && may_follow(*following);
  if (behind_.capacity() > kTextCapacityKept) std::string().swap(behind_);
  behind_.clear();
  if (offers) put_offer(behind_, *following, following->recipients, "");
  std::expected<void, BodyFault> sent;
  if (transaction.converted.empty())
    sent =
        co_await send_body({queue_, transaction.job, behind_}, connection_, config_.block_deadline);
  else
    sent = co_await send_text(transaction.converted, behind_, connection_, config_.block_deadline);
  if (!sent) {
    const BodyFault& fault = sent.error();
    if (fault.is_ours)
      transaction.outcomes.set_rest(State::deferred, reason(Cause::storage, fault.error.text()),
                                    remote_);
    // What went out behind the end may be all that failed.
    transaction.sent_all = fault.at_end && offers;
    co_return fail(Fault::unavailable, unsent_reason(fault.error));
  }
  transaction.sent_all = true;
  if (offers) offered_ = Offered{following->envelope->id, following->recipients};
  co_return Result<>();
}

/// One reply for all; from LMTP one for each accepted recipient, in order (RFC 2033 §4.2).
io::Task<Result<>> Client::read_verdicts(Transaction& transaction) {
  if (protocol_ != smtp::Protocol::lmtp) {
    const auto reply = co_await read_reply(Step::message);
    if (!reply) co_return fail(reply.error());
    transaction.outcomes.set_rest(state_after(**reply, accepted_state()), (*reply)->verbatim(),
                                  remote_);
    co_return Result<>();
  }
  for (const std::uint32_t recipient : transaction.accepted) {
    const auto reply = co_await read_reply(Step::message);
    if (!reply) co_return fail(reply.error());
    transaction.outcomes.set(recipient, state_after(**reply, accepted_state()),
                             (*reply)->verbatim(), remote_);
  }
  co_return Result<>();
}

}  // namespace veredus::deliver
