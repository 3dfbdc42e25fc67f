#include "wire/dsn/bounce.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "wire/dsn/free_form.h"
#include "wire/dsn/said.h"
#include "wire/mime/encoded_word.h"
#include "wire/mime/header.h"
#include "wire/mime/message_id.h"
#include "wire/mime/structure.h"

namespace veredus::dsn {

namespace {

constexpr std::size_t kTextOctetsMax = 256 * 1024;  ///< More than any report in use.
constexpr std::size_t kRecipientsMax = ReportLimits{}.recipients_max;

/// What a message is made of, as far as a bounce goes.
struct Contents {
  std::string reports;   ///< All message/delivery-status parts.
  std::string feedback;  ///< A message/feedback-report part.
  std::string text;      ///< The readable parts in front of the original message.
  std::string original;  ///< The header of the message that came back.
};

void append_bounded(std::string& to, std::string_view more) {
  to += more.substr(0, kTextOctetsMax - std::min(kTextOctetsMax, to.size()));
  to += "\n\n";
}

class Collector {
 public:
  explicit Collector(std::string_view message) : message_(message) {}

  Contents collect(const mime::Part& root) {
    visit(root);
    return std::move(contents_);
  }

 private:
  void visit(const mime::Part& part) {
    const mime::ContentType& type = part.content_type;
    if (part.kind == mime::Part::Kind::multipart) {
      for (const mime::Part& child : part.children) visit(child);
    } else if (type.type == "message" && type.subtype.ends_with("delivery-status")) {
      append_bounded(contents_.reports, decoded(part));
    } else if (type.is("message", "feedback-report")) {
      append_bounded(contents_.feedback, decoded(part));
    } else if (type.type == "message" || type.subtype.ends_with("headers")) {
      if (contents_.original.empty()) append_bounded(contents_.original, decoded(part));
    } else if ((type.type == "text" || type.type == "multipart") && contents_.original.empty()) {
      // A multipart that could not be taken apart is read as it stands.
      append_bounded(contents_.text, decoded(part));
    }
  }

  std::string decoded(const mime::Part& part) const {
    return mime::decode_transfer(part.encoding, part.body.in(message_).substr(0, kTextOctetsMax));
  }

  std::string_view message_;
  Contents contents_;
};

BouncedRecipient from_report(const RecipientReport& report) {
  BouncedRecipient recipient;
  recipient.address = report.final_recipient.text;
  if (report.original_recipient) recipient.original_address = report.original_recipient->text;
  if (recipient.address.empty()) recipient.address = recipient.original_address;
  recipient.action = report.action;
  recipient.status = report.status;
  if (report.diagnostic_code) recipient.diagnostic = report.diagnostic_code->text;
  if (report.remote_mta) recipient.remote_mta = report.remote_mta->text;
  if (!recipient.status) recipient.status = find_status(recipient.diagnostic);
  return recipient;
}

Bounce from_report(const Report& report) {
  Bounce bounce;
  for (const RecipientReport& recipient : report.recipients)
    if (recipient.action || recipient.status || recipient.diagnostic_code)
      bounce.recipients.push_back(from_report(recipient));
  if (bounce.recipients.empty()) return bounce;
  bounce.kind = MailKind::report;
  bounce.form = "rfc3464";
  return bounce;
}

/// A report that lost its media type, as some gateways leave it: it still has its first fields.
/// Empty when there is none.
std::string_view embedded_report(std::string_view text) {
  for (const std::string_view field : {"\nReporting-MTA:", "\nFinal-Recipient:"}) {
    const std::size_t at = text.find(field);
    if (at != std::string_view::npos) return text.substr(at + 1, kTextOctetsMax);
  }
  return {};
}

Bounce from_feedback(std::string_view content) {
  const mime::Header header = mime::scan_header(content);
  Bounce bounce;
  bounce.kind = MailKind::feedback;
  bounce.form = "arf";
  if (const mime::Field* type = header.find("Feedback-Type"))
    bounce.feedback_type = ascii_lower(mime::unfold(type->body));
  for (const char* field : {"Original-Rcpt-To", "Removal-Recipient"})
    for (const mime::Field* recipient : header.find_all(field)) {
      if (bounce.recipients.size() == kRecipientsMax) break;
      std::string address = mime::unfold(recipient->body);
      std::erase_if(address, [](char c) { return c == '<' || c == '>'; });
      const bool is_known =
          std::ranges::find(bounce.recipients, address, &BouncedRecipient::address) !=
          bounce.recipients.end();
      if (!is_known) bounce.recipients.emplace_back().address = std::move(address);
    }
  return bounce;
}

std::string field_text(const mime::Header& header, std::string_view name) {
  const mime::Field* field = header.find(name);
  return field == nullptr ? "" : ascii_lower(mime::decode_words(mime::unfold(field->body)));
}

/// RFC 3834 §5, and what was in use before it.
bool is_auto_reply(const mime::Header& header) {
  const std::string submitted = field_text(header, "Auto-Submitted");
  if (submitted.starts_with("auto-replied") || submitted.starts_with("auto-generated")) return true;
  for (const char* field : {"X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply"})
    if (header.find(field) != nullptr) return true;
  const std::string precedence = field_text(header, "Precedence");
  if (precedence == "auto_reply" || precedence == "auto-reply") return true;
  constexpr std::array<std::string_view, 9> kSubjects{
      "automatic reply", "auto reply",    "auto-reply",        "autoreply",   "auto:",
      "auto response",   "out of office", "out of the office", "autoresponse"};
  const std::string subject = field_text(header, "Subject");
  return std::ranges::any_of(
      kSubjects, [&subject](std::string_view start) { return subject.starts_with(start); });
}

std::string message_id_of(std::string_view header) {
  const mime::Header fields = mime::scan_header(header);
  const mime::Field* field = fields.find("Message-ID");
  if (field == nullptr) return {};
  return mime::parse_message_id(field->body).value_or("");
}

Bounce judge(std::string_view message, const mime::Header& header, const Contents& contents) {
  if (!contents.feedback.empty()) return from_feedback(contents.feedback);
  Bounce bounce = from_report(read_report(contents.reports));
  if (bounce.kind != MailKind::none) return bounce;
  bounce = read_free_form(header, contents.text);
  const bool is_machine = bounce.kind != MailKind::none || !contents.reports.empty();
  const bool says_report =
      field_text(header, "Content-Type").starts_with("multipart/report") || is_machine;
  if (says_report) {
    Bounce embedded = from_report(read_report(embedded_report(contents.text)));
    if (embedded.kind == MailKind::none)
      embedded = from_report(read_report(embedded_report(message)));
    if (embedded.kind != MailKind::none) return embedded;
  }
  if (bounce.kind == MailKind::none && is_auto_reply(header)) {
    bounce.kind = MailKind::auto_reply;
    bounce.form = "rfc3834";
  }
  return bounce;
}

}  // namespace

std::string_view name(MailKind kind) noexcept {
  constexpr std::array<std::string_view, 5> kNames{"none", "report", "bounce", "feedback",
                                                   "auto_reply"};
  return kNames[static_cast<std::size_t>(kind)];
}

Bounce read_bounce(std::string_view message) {
  const mime::Structure structure = mime::parse_structure(message);
  const Contents contents = Collector(message).collect(structure.root);
  Bounce bounce = judge(message, structure.root.fields, contents);
  bounce.original_message_id = message_id_of(contents.original);
  return bounce;
}

}  // namespace veredus::dsn
