// One mail transaction as far as it has come: the sender and the recipients accepted so far.

#pragma once

#include <set>
#include <string>
#include <vector>

#include "mail/queue/envelope.h"
#include "mail/route/router.h"
#include "wire/smtp/address.h"
#include "wire/smtp/params.h"

namespace veredus::accept {

/// No I/O. Begun by MAIL, ended by the reply to the message, RSET or EHLO.
class Transaction {
 public:
  void begin(smtp::ReversePath sender, smtp::MailParams params);
  void reset() { *this = Transaction(); }

  /// A recipient was accepted: `asked` is what RCPT said, `targets` what it stands for. Targets
  /// that other recipients named already get one copy; the case of local parts matters only where
  /// `router` says that a domain is not ours (RFC 5321 §2.4). Returns how many there are now.
  std::size_t add(const smtp::Address& asked, std::vector<smtp::Address> targets,
                  const smtp::RcptParams& params, const route::Router& router);
  /// The same for one that stands for itself.
  std::size_t add(smtp::Address asked, const smtp::RcptParams& params, const route::Router& router);

  /// RCPT commands accepted.
  std::size_t accepted() const noexcept { return accepted_; }
  /// After aliases, each once.
  std::size_t recipient_count() const noexcept { return recipients_.size(); }
  const smtp::ReversePath& sender() const noexcept { return sender_; }
  /// What the only RCPT said, for the Received field's `for` clause (RFC 5321 §7.2 forbids it
  /// when there are several); else empty.
  std::string sole_recipient() const;

  /// The envelope, but for what only the message's arrival tells. Leaves the transaction empty.
  queue::Envelope take_envelope();

 private:
  bool is_new(const smtp::Address& target, const route::Router& router);

  smtp::ReversePath sender_;
  smtp::MailParams params_;
  std::vector<queue::Recipient> recipients_;
  std::set<std::string> seen_;  ///< Mailboxes of all recipients, once they are many.
  std::size_t accepted_ = 0;
};

}  // namespace veredus::accept
