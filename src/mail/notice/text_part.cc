#include "mail/notice/text_part.h"

#include <algorithm>
#include <cstdint>

#include "base/ids.h"
#include "base/text.h"
#include "base/utf8.h"
#include "wire/mime/date.h"
#include "wire/mime/encoded_word.h"
#include "wire/mime/header.h"

namespace veredus::notice {

namespace {

constexpr std::size_t kColumnMax = 76;
constexpr std::size_t kPieceOctetsMax = 900;
constexpr std::size_t kShownOctetsMax = 2000;
constexpr std::string_view kIndent = "    ";

/// The octets of `text` that fit into `octets_max` without cutting a character in two.
std::string_view whole_characters(std::string_view text, std::size_t octets_max) {
  if (text.size() <= octets_max) return text;
  std::size_t end = octets_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end == 0 ? octets_max : end);
}

/// Appends sentences in lines of at most kColumnMax columns, each behind `indent`.
void append_wrapped(std::string& out, std::string_view text, std::string_view indent) {
  std::size_t column = 0;
  while (!(text = trim(text)).empty()) {
    const std::string_view word = whole_characters(text.substr(0, text.find(' ')), kPieceOctetsMax);
    if (column > 0 && column + 1 + word.size() > kColumnMax) {
      out += "\r\n";
      column = 0;
    }
    const std::string_view gap = column == 0 ? indent : std::string_view(" ");
    out.append(gap).append(word);
    column += gap.size() + word.size();
    text.remove_prefix(word.size());
  }
  out += "\r\n";
}

/// Appends what somebody else said, on one line as long as that may be.
void append_verbatim(std::string& out, std::string_view text) {
  std::string safe = readable(text, kShownOctetsMax);
  for (std::string_view rest = safe; !rest.empty();) {
    const std::string_view piece = whole_characters(rest, kPieceOctetsMax);
    out.append(kIndent).append(piece).append("\r\n");
    rest.remove_prefix(piece.size());
  }
}

std::string subject_line(std::string_view start) {
  const mime::Header header = mime::scan_header(start);
  const mime::Field* field = header.find("Subject");
  return field == nullptr ? "" : std::string(trim(mime::decode_words(field->body)));
}

/// Which message this is about.
void append_message(std::string& out, const queue::NoticeRequest& request) {
  const std::string subject = subject_line(request.start);
  if (!subject.empty()) append_wrapped(out, "Subject: " + readable(subject, 200), kIndent);
  append_wrapped(out, "Received here: " + mime::format_date(request.envelope.received_at), kIndent);
  append_wrapped(out, "Number here: " + text(request.envelope.id), kIndent);
  out += "\r\n";
}

void append_opening(std::string& out, const queue::NoticeRequest& request, std::size_t count) {
  const std::string whom = count == 1 ? "the recipient" : "the recipients";
  if (request.envelope.sender.is_null()) {
    append_wrapped(out,
                   "A message without a sender, most likely a notice to somebody whose address "
                   "is wrong or made up, could not be delivered. Nobody but you is told.",
                   "");
  } else if (request.kind == queue::NoticeKind::delay) {
    append_wrapped(out, "Your message has not been delivered yet to " + whom + " named below.", "");
    append_wrapped(out,
                   "This is only a warning: you need not do anything, and need not send the "
                   "message again. We go on trying until " +
                       mime::format_date(request.gives_up_at) +
                       ". If it cannot be delivered by then, you will be told.",
                   "");
  } else {
    append_wrapped(out, "Your message could not be delivered to " + whom + " named below.", "");
  }
  out += "\r\n";
}

void append_said(std::string& out, const Subject& subject) {
  if (subject.said.empty()) return;
  const std::string who = subject.remote.empty() ? "" : " " + readable(subject.remote, 400);
  std::string lead = "Our server noted:";
  if (subject.is_reply)
    lead = who.empty() ? "The remote server said:" : "The remote server" + who + " said:";
  else if (!who.empty())
    lead = "Our server noted about" + who + ":";
  out += "\r\n";
  append_wrapped(out, lead, "");
  append_verbatim(out, subject.said);
}

/// What is the same for all recipients that stand together above it.
void append_explanation(std::string& out, queue::NoticeKind kind, const Subject& subject) {
  if (!subject.expiry.empty()) {
    constexpr std::string_view kAfter = "expired after ";
    const bool is_timed = subject.expiry.starts_with(kAfter);
    const std::string time =
        is_timed ? readable(subject.expiry.substr(kAfter.size()), 60) : "a long time";
    append_wrapped(out,
                   subject.standing->attempts > 0
                       ? "We have tried for " + time + " and have given up now."
                       : "It has waited for its turn for " + time + ", and we have given up now.",
                   "");
  }
  append_wrapped(out, readable(subject.reason.cause, kShownOctetsMax), "");
  if (kind == queue::NoticeKind::failure)
    append_wrapped(out, "What you can do: " + readable(subject.reason.remedy, kShownOctetsMax), "");
  append_said(out, subject);
  out += "\r\n";
}

bool is_told_alike(const Subject& a, const Subject& b) {
  return a.said == b.said && a.remote == b.remote && a.expiry == b.expiry &&
         a.is_reply == b.is_reply && a.reason.cause == b.reason.cause &&
         (a.standing->attempts > 0) == (b.standing->attempts > 0);
}

}  // namespace

std::string text_part(const queue::NoticeRequest& request, std::span<const Subject> subjects,
                      std::string_view hostname, const Returned& returned) {
  std::string out;
  append_wrapped(out, "This is the mail system at " + readable(hostname, kShownOctetsMax) + ".",
                 "");
  out += "\r\n";
  append_opening(out, request, subjects.size());
  append_message(out, request);
  while (!subjects.empty()) {
    const auto end = std::ranges::find_if_not(
        subjects, [&](const Subject& next) { return is_told_alike(next, subjects.front()); });
    const auto group = subjects.first(static_cast<std::size_t>(end - subjects.begin()));
    for (const Subject& subject : group) append_verbatim(out, "<" + subject.address + ">");
    out += "\r\n";
    append_explanation(out, request.kind, group.front());
    subjects = subjects.subspan(group.size());
  }
  append_wrapped(out, "A report for programs and your message, or its header, follow.", "");
  if (returned.is_cut_for_seven_bit)
    append_wrapped(out,
                   "Only the header of your message follows: the message has 8-bit characters "
                   "where not all mail servers on the way back to you may take them.",
                   "");
  return out;
}

}  // namespace veredus::notice
