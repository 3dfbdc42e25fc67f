#include "main/sendmail/hand_over.h"

#include <algorithm>
#include <span>
#include <utility>

#include "io/shared_folder.h"
#include "mail/accept/drop_file.h"

namespace veredus::sendmail {
namespace {

send::Envelope envelope_of(const Submission& submission, const std::vector<smtp::Address>& left,
                           const Wishes& wishes) {
  send::Envelope envelope;
  if (const auto& address = submission.sender.address()) envelope.sender = address->text();
  for (const smtp::Address& recipient : left) envelope.recipients.push_back(recipient.text());
  envelope.dsn_mail_params = smtp::render(smtp::write_params(wishes.mail));
  envelope.dsn_rcpt_params = smtp::render(smtp::write_params(wishes.rcpt));
  return envelope;
}

bool is_permanent(std::string_view reply) noexcept { return reply.starts_with('5'); }

/// Notes the refusals of one transaction: `left` keeps those that may be taken later.
void sort_refusals(const std::vector<send::Refusal>& refusals, HandOver& result) {
  std::vector<smtp::Address> later;
  for (const send::Refusal& refusal : refusals) {
    if (is_permanent(refusal.reply)) {
      result.refused.push_back(refusal);
      continue;
    }
    result.reason = refusal.reply;
    later.push_back(*std::ranges::find(result.left, refusal.recipient, &smtp::Address::text));
  }
  result.left = std::move(later);
}

}  // namespace

Wishes wishes_of(const Options& options) {
  Wishes wishes;
  wishes.mail.ret = options.ret;
  wishes.mail.envid = options.envid;
  wishes.rcpt.notify = options.notify;
  return wishes;
}

io::Task<HandOver> hand_to_server(io::Network& network, io::Endpoint socket,
                                  const Submission& submission, Wishes wishes,
                                  send::ShowLine show) {
  HandOver result;
  result.left = submission.recipients;
  auto stream = co_await network.connect(std::move(socket), {});
  if (!stream) {
    result.reason = stream.error().text();
    co_return result;
  }
  send::Sender::Options options;
  options.helo = "localhost";
  options.show = std::move(show);
  send::Sender sender(std::move(*stream), std::move(options));
  const Result<> opened = co_await sender.open();
  if (!opened) {
    result.reason = opened.error().text();
    co_return result;
  }
  // One that was told to come later, with nobody taken, would be told the same again.
  for (bool progress = true; progress && !result.left.empty() && sender.is_usable();) {
    const send::Envelope envelope = envelope_of(submission, result.left, wishes);
    const auto sent = co_await sender.send(envelope, submission.message);
    const bool is_answered = sent || sender.refusals().size() == envelope.recipients.size();
    if (is_answered) {
      sort_refusals(sender.refusals(), result);
    } else if (sent.error().fault() == Fault::refused && is_permanent(sent.error().text())) {
      result.message_refusal = sent.error().text();
      result.left.clear();
    } else {
      result.reason = sent.error().text();
    }
    progress = sent.has_value();
  }
  co_await sender.quit();
  co_return result;
}

Result<> leave_in_folder(const std::string& folder, const Submission& submission,
                         const std::vector<smtp::Address>& recipients, const Wishes& wishes,
                         io::Random& random) {
  std::span<const smtp::Address> rest(recipients);
  while (!rest.empty()) {
    accept::DropFile file;
    file.sender = submission.sender;
    file.params = wishes.mail;
    const auto some = rest.first(std::min(rest.size(), accept::kDropRecipientsMax));
    for (const smtp::Address& recipient : some)
      file.recipients.push_back({smtp::ForwardPath(recipient), wishes.rcpt});
    const Result<> left = io::deposit(folder, accept::encode(std::move(file), submission.message),
                                      std::chrono::system_clock::now(), random);
    if (!left) return left;
    rest = rest.subspan(some.size());
  }
  return {};
}

}  // namespace veredus::sendmail
