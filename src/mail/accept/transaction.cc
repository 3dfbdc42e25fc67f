#include "mail/accept/transaction.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace veredus::accept {
namespace {

/// Up to here, looking at all of them takes less than an index would.
constexpr std::size_t kFewRecipients = 16;

/// Equal for addresses that one copy does for.
std::string mailbox_of(const smtp::Address& address, const route::Router& router) {
  return router.is_local(address) ? ascii_lower(address.text()) : address.text();
}

bool is_one_mailbox(const smtp::Address& a, const smtp::Address& b, const route::Router& router) {
  if (a.host_text() != b.host_text() || !iequals(a.local_part(), b.local_part())) return false;
  return a.local_part() == b.local_part() || router.is_local(a);
}

}  // namespace

void Transaction::begin(smtp::ReversePath sender, smtp::MailParams params) {
  reset();
  sender_ = std::move(sender);
  params_ = std::move(params);
}

std::size_t Transaction::add(const smtp::Address& asked, std::vector<smtp::Address> targets,
                             const smtp::RcptParams& params, const route::Router& router) {
  ++accepted_;
  for (smtp::Address& target : targets) {
    if (!is_new(target, router)) continue;
    std::string original = target == asked ? std::string() : asked.text();
    recipients_.push_back(
        queue::Recipient{std::move(target), std::move(original), params.orcpt, params.notify});
  }
  return recipients_.size();
}

std::size_t Transaction::add(smtp::Address asked, const smtp::RcptParams& params,
                             const route::Router& router) {
  ++accepted_;
  if (is_new(asked, router))
    recipients_.push_back(queue::Recipient{std::move(asked), {}, params.orcpt, params.notify});
  return recipients_.size();
}

bool Transaction::is_new(const smtp::Address& target, const route::Router& router) {
  if (recipients_.size() < kFewRecipients)
    return std::ranges::none_of(recipients_, [&](const queue::Recipient& known) {
      return is_one_mailbox(known.address, target, router);
    });
  if (seen_.empty())
    for (const queue::Recipient& known : recipients_)
      seen_.insert(mailbox_of(known.address, router));
  return seen_.insert(mailbox_of(target, router)).second;
}

std::string Transaction::sole_recipient() const {
  if (accepted_ != 1 || recipients_.empty()) return {};
  const queue::Recipient& first = recipients_.front();
  return first.original.empty() ? first.address.text() : first.original;
}

queue::Envelope Transaction::take_envelope() {
  queue::Envelope envelope;
  envelope.sender = std::move(sender_);
  envelope.recipients = std::move(recipients_);
  envelope.body = params_.body.value_or(smtp::Body::seven_bit);
  envelope.utf8 = params_.smtputf8;
  envelope.ret = params_.ret;
  envelope.envid = std::move(params_.envid);
  reset();
  return envelope;
}

}  // namespace veredus::accept
