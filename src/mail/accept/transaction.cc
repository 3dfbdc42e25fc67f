#include "mail/accept/transaction.h"

#include <utility>

#include "base/text.h"

namespace veredus::accept {

void Transaction::begin(smtp::ReversePath sender, smtp::MailParams params) {
  reset();
  sender_ = std::move(sender);
  params_ = std::move(params);
}

std::size_t Transaction::add(const smtp::Address& asked, std::vector<smtp::Address> targets,
                             const smtp::RcptParams& params, const route::Router& router) {
  if (accepted_++ == 0) first_asked_ = asked.text();
  for (smtp::Address& target : targets) {
    std::string mailbox = router.is_local(target) ? ascii_lower(target.text()) : target.text();
    if (!seen_.insert(std::move(mailbox)).second) continue;
    std::string original = target == asked ? std::string() : asked.text();
    recipients_.push_back(
        queue::Recipient{std::move(target), std::move(original), params.orcpt, params.notify});
  }
  return recipients_.size();
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
