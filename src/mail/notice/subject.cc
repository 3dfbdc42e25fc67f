#include "mail/notice/subject.h"

#include <utility>

#include "base/text.h"

namespace veredus::notice {

namespace {

/// `text` with every `secret`, whatever its case, replaced.
std::string replaced(std::string_view text, std::string_view secret, std::string_view with) {
  const std::string lower = ascii_lower(text);
  const std::string wanted = ascii_lower(secret);
  std::string out;
  std::size_t at = 0;
  for (std::size_t found = lower.find(wanted); found != std::string::npos;
       found = lower.find(wanted, at)) {
    out.append(text.substr(at, found - at)).append(with);
    at = found + wanted.size();
  }
  return out.append(text.substr(at));
}

Subject subject_of(const queue::Recipient& recipient, const queue::Standing& standing,
                   const Reasons& reasons) {
  const std::string final_address = recipient.address.text();
  const bool is_alias = !recipient.original.empty() && !iequals(recipient.original, final_address);
  const ReplyParts parts = take_apart(standing.reply);
  Subject subject;
  subject.recipient = &recipient;
  subject.standing = &standing;
  subject.address = is_alias ? recipient.original : final_address;
  subject.said =
      is_alias ? replaced(parts.said, final_address, recipient.original) : std::string(parts.said);
  subject.expiry = parts.expiry;
  subject.is_reply = !standing.remote.empty() && parts.code.has_value();
  subject.remote = is_alias ? "" : standing.remote;
  subject.reason = reasons.classify(standing.reply);
  return subject;
}

}  // namespace

bool wants(const queue::Recipient& recipient, queue::NoticeKind kind) noexcept {
  if (!recipient.notify) return true;
  switch (kind) {
    case queue::NoticeKind::failure:
      return recipient.notify->failure;
    case queue::NoticeKind::delay:
      return recipient.notify->delay;
  }
  return false;
}

std::vector<Subject> subjects_of(const queue::NoticeRequest& request, const Reasons& reasons) {
  std::vector<Subject> subjects;
  for (const queue::NoticeRequest::Item& item : request.recipients) {
    const queue::Recipient& recipient = request.envelope.recipients.at(item.recipient);
    if (wants(recipient, request.kind))
      subjects.push_back(subject_of(recipient, item.standing, reasons));
  }
  return subjects;
}

}  // namespace veredus::notice
