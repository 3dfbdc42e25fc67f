#include "mail/notice/text_part.h"

#include <algorithm>
#include <cstdint>

#include "base/ids.h"
#include "base/text.h"
#include "wire/mime/charset.h"
#include "wire/mime/date.h"
#include "wire/mime/encoded_word.h"
#include "wire/mime/header.h"
#include "wire/smtp/chars.h"

namespace veredus::notice {

namespace {

constexpr std::size_t kColumnMax = 76;
constexpr std::size_t kPieceOctetsMax = 900;
constexpr std::string_view kIndent = "    ";

/// Characters beyond ASCII that are no text: C1 controls, line separators, and the marks that
/// turn a line around, with which a reply could show other words than it has.
bool is_deceptive(std::string_view sequence) {
  const auto bits = [sequence](std::size_t at, unsigned mask) {
    return static_cast<unsigned>(static_cast<unsigned char>(sequence[at])) & mask;
  };
  if (sequence.size() == 2) return sequence[0] == '\xC2' && bits(1, 0xFF) < 0xA0;
  if (sequence.size() != 3) return false;
  const unsigned code = (bits(0, 0x0F) << 12U) | (bits(1, 0x3F) << 6U) | bits(2, 0x3F);
  return (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) ||
         code == 0x200E || code == 0x200F;
}

std::size_t sequence_octets(char lead) noexcept {
  const auto octet = static_cast<unsigned char>(lead);
  if (octet < 0xC0) return 1;
  if (octet < 0xE0) return 2;
  return octet < 0xF0 ? 3 : 4;
}

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
  std::string safe = shown(text);
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
  if (!subject.empty()) append_wrapped(out, "Subject: " + shown(subject, 200), kIndent);
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
  const std::string who = subject.remote.empty() ? "" : " " + shown(subject.remote, 400);
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
        is_timed ? shown(subject.expiry.substr(kAfter.size()), 60) : "a long time";
    append_wrapped(out, "We have tried for " + time + " and have given up now.", "");
  }
  append_wrapped(out, shown(subject.reason.cause), "");
  if (kind == queue::NoticeKind::failure)
    append_wrapped(out, "What you can do: " + shown(subject.reason.remedy), "");
  append_said(out, subject);
  out += "\r\n";
}

bool is_told_alike(const Subject& a, const Subject& b) {
  return a.said == b.said && a.remote == b.remote && a.expiry == b.expiry &&
         a.is_reply == b.is_reply && a.reason.cause == b.reason.cause;
}

}  // namespace

std::string shown(std::string_view text, std::size_t octets_max) {
  if (!mime::is_utf8(text)) return printable(text, octets_max);
  std::string out;
  const std::string_view kept = whole_characters(text, octets_max);
  for (std::size_t at = 0; at < kept.size();) {
    const std::string_view sequence = kept.substr(at, sequence_octets(kept[at]));
    if (smtp::is(smtp::kControl, sequence.front()) || is_deceptive(sequence))
      out += printable(sequence);
    else
      out += sequence;
    at += sequence.size();
  }
  if (kept.size() < text.size()) out += "...";
  return out;
}

std::string text_part(const queue::NoticeRequest& request, std::span<const Subject> subjects,
                      std::string_view hostname, const Returned& returned) {
  std::string out;
  append_wrapped(out, "This is the mail system at " + shown(hostname) + ".", "");
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
