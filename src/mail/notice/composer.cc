#include "mail/notice/composer.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/complaints.h"
#include "base/ids.h"
#include "base/ip.h"
#include "base/text.h"
#include "base/utf8.h"
#include "mail/notice/returned.h"
#include "mail/notice/subject.h"
#include "mail/notice/text_part.h"
#include "storage/storage.h"
#include "wire/dsn/field.h"
#include "wire/dsn/report.h"
#include "wire/mime/charset.h"
#include "wire/mime/date.h"
#include "wire/mime/header.h"
#include "wire/mime/message_id.h"
#include "wire/mime/transfer_encoding.h"

namespace veredus::notice {

namespace {

constexpr std::uint64_t kReturnedBytesMax = std::uint64_t{200} * 1024;  // In the first chunk.
constexpr std::size_t kSubjectOctetsMax = 200;
constexpr std::size_t kMessageIdOctetsMax = 500;
constexpr std::string_view kProtocol = "notice";  ///< Origin::protocol of our own mail.
/// Marks a notice of mail from the null sender, which must be the last one wherever it goes: two
/// servers whose double bounces end at each other would otherwise never fall silent.
constexpr std::string_view kDoubleBounceField = "X-Veredus-Double-Bounce";

/// What the kinds of notice have in different words. A further kind is a further row.
struct KindRow {
  queue::NoticeKind kind;
  dsn::Action action;
  std::string_view subject;
};
constexpr std::array kKinds{
    KindRow{queue::NoticeKind::failure, dsn::Action::failed, "Undelivered mail"},
    KindRow{queue::NoticeKind::delay, dsn::Action::delayed, "Delayed mail"},
};

const KindRow& row_of(queue::NoticeKind kind) {
  return *std::ranges::find(kKinds, kind, &KindRow::kind);
}

/// The status to report: what was said, or what its code means (RFC 3464 §2.3.4). A failure that
/// was never anything but temporary keeps its 4.y.z: it expired.
smtp::EnhancedStatus status_of(const Subject& subject, queue::NoticeKind kind) {
  const ReplyParts parts = take_apart(subject.said);
  if (parts.status && parts.status->klass() != 2) return *parts.status;
  if (parts.code && *parts.code >= 500) return {5, 0, 0};
  if (!subject.expiry.empty()) return {4, 4, 7};
  if (parts.code || kind == queue::NoticeKind::delay) return {4, 0, 0};
  return {5, 0, 0};
}

mime::Date date_of(WallTime time) {
  return {std::chrono::floor<std::chrono::seconds>(time), std::chrono::minutes(0)};
}

/// The host of "mx.example.org [192.0.2.1:25]", or the address of "192.0.2.1:24" as a domain
/// literal (RFC 3461 §9.3). Empty for a socket of this machine: that is no name for others.
std::string host_of(std::string_view remote) {
  std::string_view host = trim(remote.substr(0, remote.find_first_of(" (", 1)));
  if (host.starts_with('/')) return "";
  const bool has_port = host.starts_with('[') || std::ranges::count(host, ':') == 1;
  if (has_port) host = host.substr(0, host.rfind(':'));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto address = IpAddress::parse(host);
  if (!address) return std::string(host);
  return (address->is_v4() ? "[" : "[IPv6:") + address->text() + "]";
}

dsn::Typed original_recipient(const smtp::OriginalRecipient& orcpt) {
  const bool is_unicode = orcpt.type == "utf-8";
  return {orcpt.type, is_unicode ? dsn::decode_utf8_address(orcpt.address) : orcpt.address};
}

dsn::RecipientReport report_of(const Subject& subject, const queue::NoticeRequest& request) {
  dsn::RecipientReport report;
  if (subject.recipient->orcpt)
    report.original_recipient = original_recipient(*subject.recipient->orcpt);
  report.final_recipient = {"rfc822", subject.address};
  report.action = row_of(request.kind).action;
  report.status = status_of(subject, request.kind);
  if (std::string host = host_of(subject.remote); !host.empty())
    report.remote_mta = {"dns", std::move(host)};
  if (!subject.said.empty())
    report.diagnostic_code = {subject.is_reply ? "smtp" : "x-veredus", subject.said};
  if (subject.standing->last_attempt != WallTime{})
    report.last_attempt = date_of(subject.standing->last_attempt);
  if (request.kind == queue::NoticeKind::delay)
    report.will_retry_until = date_of(request.gives_up_at);
  return report;
}

std::string report_part(const queue::NoticeRequest& request, std::span<const Subject> subjects,
                        std::string_view hostname) {
  const queue::Envelope& envelope = request.envelope;
  dsn::Report report;
  report.original_envelope_id = envelope.envid.value_or("");
  report.reporting_mta = {"dns", std::string(hostname)};
  // The name that somebody's own computer gave at submission is nobody's business.
  if (envelope.origin.auth_identity.empty() && !envelope.origin.helo.empty())
    report.received_from_mta = {"dns", envelope.origin.helo};
  report.arrival_date = date_of(envelope.received_at);
  for (const Subject& subject : subjects) report.recipients.push_back(report_of(subject, request));
  return dsn::write(report);
}

/// A subject in ASCII: encoded words stay as they are, UTF-8 becomes encoded words (RFC 2047 §2).
std::string encoded(std::string_view subject) {
  if (mime::is_ascii(subject) || !is_utf8(subject))
    return dsn::one_line(subject, kSubjectOctetsMax);
  constexpr std::size_t kWordOctetsMax = 42;  // 56 in base64: 68 with what surrounds them.
  std::string out;
  while (!subject.empty()) {
    std::size_t end = std::min(kWordOctetsMax, subject.size());
    while (!is_utf8(subject.substr(0, end))) --end;
    const std::string base64 = mime::encode_base64(subject.substr(0, end));
    out.append(out.empty() ? "=?UTF-8?B?" : " =?UTF-8?B?").append(trim(base64)).append("?=");
    subject.remove_prefix(end);
  }
  return out;
}

/// Cut between two words, so that no encoded word is cut in two, or else between characters.
std::string_view cut_at_space(std::string_view text) {
  if (text.size() <= kSubjectOctetsMax) return text;
  std::size_t end = text.rfind(' ', kSubjectOctetsMax);
  if (end == text.npos || end == 0) {
    end = kSubjectOctetsMax;
    while (end > 1 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  }
  return text.substr(0, end);
}

std::string subject_field(const queue::NoticeRequest& request, const Subject& first,
                          const mime::Header& original) {
  std::string subject(row_of(request.kind).subject);
  const mime::Field* field = original.find("Subject");
  const std::string theirs = field == nullptr ? "" : mime::unfold(field->body);
  if (!theirs.empty())
    subject += ": " + encoded(cut_at_space(theirs));
  else if (mime::is_ascii(first.address))
    subject += " to " + dsn::one_line(first.address, kSubjectOctetsMax);
  return subject;
}

/// The original's Message-ID with its brackets, when it is fit to be repeated; else empty.
std::string original_id(const mime::Header& original) {
  const mime::Field* field = original.find("Message-ID");
  const auto id =
      field == nullptr ? fail(Fault::malformed, "") : mime::parse_message_id(field->body);
  const bool good = id && id->size() <= kMessageIdOctetsMax && std::ranges::all_of(*id, [](char c) {
                      return c > ' ' && c < '\x7f' && c != '<' && c != '>';
                    });
  return good ? "<" + *id + ">" : "";
}

/// A boundary that occurs nowhere in `parts`.
std::string boundary_for(QueueId id, std::span<const std::string> parts) {
  for (unsigned attempt = 0;; ++attempt) {
    std::string boundary = "=_" + text(id) + "_" + std::to_string(attempt);
    const bool occurs = std::ranges::any_of(
        parts, [&boundary](const std::string& part) { return part.contains(boundary); });
    if (!occurs) return boundary;
  }
}

struct BodyPart {
  std::string media_type;
  std::string description;
  std::string content;
  std::string_view encoding = "7bit";
};

/// RFC 2046 §5.2.1 forbids to encode a message/rfc822; RFC 6532 §3.7 and RFC 6533 §6.3 allow it
/// for their types.
void encode(BodyPart& part, bool takes_eight_bit) {
  if (mime::is_ascii(part.content)) return;
  if (takes_eight_bit || part.media_type == "message/rfc822") {
    part.encoding = "8bit";
    return;
  }
  part.encoding = "quoted-printable";
  part.content = mime::encode_quoted_printable(part.content);
}

/// The multipart/report with its own header fields and its body (RFC 6522 §3).
std::string multipart(QueueId id, const std::array<BodyPart, 3>& parts) {
  std::vector<std::string> contents;
  for (const BodyPart& part : parts) contents.push_back(part.content);
  const std::string boundary = boundary_for(id, contents);
  const bool is_ascii = std::ranges::all_of(
      contents, [](const std::string& content) { return mime::is_ascii(content); });
  std::string out = "Content-Type: multipart/report; report-type=delivery-status;\r\n boundary=\"" +
                    boundary + "\"\r\n";
  out.append("Content-Transfer-Encoding: ").append(is_ascii ? "7bit" : "8bit").append("\r\n\r\n");
  out += "This is a notice in MIME format (RFC 3464).\r\n";
  for (const BodyPart& part : parts) {
    out.append("\r\n--").append(boundary).append("\r\n");
    dsn::append_field(out, "Content-Type", part.media_type);
    dsn::append_field(out, "Content-Description", part.description);
    dsn::append_field(out, "Content-Transfer-Encoding", part.encoding);
    out.append("\r\n").append(part.content);
  }
  return out.append("\r\n--").append(boundary).append("--\r\n");
}

std::vector<Bytes> in_chunks(std::string_view message) {
  std::vector<Bytes> chunks;
  for (; !message.empty(); message.remove_prefix(std::min(message.size(), storage::kChunkBytes)))
    chunks.emplace_back(std::string(message.substr(0, storage::kChunkBytes)));
  return chunks;
}

std::string with_default(const NoticeConfig& config) {
  return config.from.empty() ? "MAILER-DAEMON@" + config.hostname : config.from;
}

}  // namespace

Result<NoticeConfig> checked(NoticeConfig config) {
  Complaints complaints;
  if (const auto host = smtp::Domain::parse(config.hostname); !host)
    complaints.add("notice.hostname", "must be a domain: " + host.error().text());
  else if (const auto from = smtp::Address::parse(with_default(config)); !from)
    complaints.add("notice.from", "must be an address: " + from.error().text());
  if (!config.double_bounce_to.empty())
    if (const auto to = smtp::Address::parse(config.double_bounce_to); !to)
      complaints.add("notice.double_bounce_to", "must be an address: " + to.error().text());
  complaints.unless(config.message_bytes_max <= kReturnedBytesMax, "notice.message_bytes_max",
                    "must be at most 204800 (200 KiB)");
  complaints.take(Reasons::make(config.reasons, "reason"));
  if (!complaints.empty()) return fail(complaints.error());
  return config;
}

Composer::Composer(NoticeConfig config, Reasons reasons, smtp::Address from,
                   std::optional<smtp::Address> double_bounce_to)
    : config_(std::move(config)),
      reasons_(std::move(reasons)),
      from_(std::move(from)),
      double_bounce_to_(std::move(double_bounce_to)) {}

Result<Composer> Composer::make(NoticeConfig unchecked) {
  auto config = checked(std::move(unchecked));
  if (!config) return fail(config.error());
  auto reasons = Reasons::make(config->reasons);
  auto from = smtp::Address::parse(with_default(*config));
  std::optional<smtp::Address> to;
  if (!config->double_bounce_to.empty()) to = *smtp::Address::parse(config->double_bounce_to);
  return Composer(std::move(*config), std::move(*reasons), std::move(*from), std::move(to));
}

Result<queue::Recipient> Composer::addressee(const queue::NoticeRequest& request) const {
  const queue::Envelope& envelope = request.envelope;
  if (!envelope.sender.is_null()) {
    if (envelope.origin.protocol == kProtocol)
      return fail(Fault::refused, "a notice of our own is never answered with another");
    return queue::Recipient{*envelope.sender.address(), "", std::nullopt, std::nullopt};
  }
  if (request.kind != queue::NoticeKind::failure || !double_bounce_to_)
    return fail(Fault::refused, "the sender is null: nobody is to be told");
  const bool went_there = std::ranges::any_of(envelope.recipients, [this](const auto& recipient) {
    return recipient.address == *double_bounce_to_ ||
           iequals(recipient.original, double_bounce_to_->text());
  });
  if (went_there)
    return fail(Fault::refused, "the sender is null, and whom to tell of that cannot be reached");
  if (mime::scan_header(request.start).find(kDoubleBounceField) != nullptr)
    return fail(Fault::refused, "the sender is null, and it is itself a notice of such mail");
  // NOTIFY=NEVER goes with it to every next hop that knows it: this is the last notice of all.
  return queue::Recipient{*double_bounce_to_, "", std::nullopt, smtp::Notify{}};
}

std::string Composer::header(const queue::NoticeRequest& request, const Subject& first,
                             const smtp::Address& to) const {
  const mime::Header original = mime::scan_header(request.start);
  const std::string references = original_id(original);
  std::string out;
  dsn::append_field(out, "From", "Mail Delivery System <" + from_.text() + ">");
  dsn::append_field(out, "To", "<" + to.text() + ">");
  dsn::append_field(out, "Subject", subject_field(request, first, original));
  dsn::append_field(out, "Date", mime::format_date(request.now));
  dsn::append_field(out, "Message-ID", message_id(request));
  if (!references.empty()) {
    dsn::append_field(out, "In-Reply-To", references);
    dsn::append_field(out, "References", references);
  }
  dsn::append_field(out, "Auto-Submitted", "auto-replied");  // RFC 3834 §5
  if (request.envelope.sender.is_null())
    dsn::append_field(out, kDoubleBounceField, text(request.envelope.id));
  dsn::append_field(out, "MIME-Version", "1.0");
  return out;
}

std::string Composer::message_id(const queue::NoticeRequest& request) const {
  return mime::make_message_id(request.now, std::to_underlying(request.id), config_.hostname);
}

std::string Composer::body(const queue::NoticeRequest& request, std::span<const Subject> subjects,
                           Path path) const {
  Returned returned = returned_part(request, config_.message_bytes_max);
  std::string words = text_part(request, subjects, config_.hostname, returned);
  std::string report = report_part(request, subjects, config_.hostname);
  const std::string charset = mime::is_ascii(words) ? "us-ascii" : "utf-8";
  std::array parts{
      BodyPart{"text/plain; charset=" + charset, "Notice", std::move(words)},
      BodyPart{"message/delivery-status", "Delivery report", std::move(report)},
      BodyPart{std::move(returned.media_type), "Undelivered message", std::move(returned.content)}};
  for (BodyPart& part : parts) encode(part, path == Path::utf8);
  return multipart(request.id, parts);
}

Result<queue::Message> Composer::compose(const queue::NoticeRequest& request) const {
  const auto to = addressee(request);
  if (!to) return fail(to.error());
  const std::vector<Subject> subjects = subjects_of(request, reasons_);
  if (subjects.empty())
    return fail(Fault::refused, "the sender asked not to be told of it (NOTIFY, RFC 3461)");

  const std::string fields = header(request, subjects.front(), to->address);
  const bool is_utf8 = !mime::is_ascii(fields);
  const std::string message = fields + body(request, subjects, is_utf8 ? Path::utf8 : Path::any);
  queue::Message notice;
  queue::Envelope& envelope = notice.envelope;
  envelope.id = request.id;
  envelope.recipients.push_back(*to);
  envelope.received_at = request.now;
  envelope.size = message.size();
  envelope.body = mime::is_ascii(message) ? smtp::Body::seven_bit : smtp::Body::eight_bit_mime;
  envelope.utf8 = is_utf8;
  envelope.message_id = message_id(request);
  envelope.origin.protocol = kProtocol;
  notice.chunks = in_chunks(message);
  return notice;
}

}  // namespace veredus::notice
