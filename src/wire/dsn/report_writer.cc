#include "base/text.h"
#include "base/utf8.h"
#include "wire/dsn/field.h"
#include "wire/dsn/report.h"
#include "wire/mime/charset.h"
#include "wire/smtp/chars.h"

namespace veredus::dsn {

namespace {

constexpr std::size_t kValueOctetsMax = 4000;

/// A type as its grammar has it: an atom (RFC 3464 §2.1.2).
std::string type_of(std::string_view type, std::string_view otherwise) {
  const bool good = !type.empty() && type.size() <= 64 && smtp::all_are(smtp::kAtext, type);
  return std::string(good ? type : otherwise);
}

std::string typed_value(const Typed& value, std::string_view otherwise) {
  return type_of(value.type, otherwise) + "; " + one_line(value.text, kValueOctetsMax);
}

/// Spaces of an address are part of it, so they are not joined.
std::string address_value(const Typed& address) {
  const bool is_unicode =
      address.type == "utf-8" || (!mime::is_ascii(address.text) && is_utf8(address.text));
  if (is_unicode)
    return "utf-8; " + encode_utf8_address(std::string_view(address.text).substr(0, 1000));
  return type_of(address.type, "rfc822") + "; " + printable(address.text, kValueOctetsMax);
}

void append_date(std::string& out, std::string_view field, const std::optional<mime::Date>& date) {
  if (date) append_field(out, field, mime::format_date(date->time, date->offset));
}

void append_recipient(std::string& out, const RecipientReport& recipient) {
  out += "\r\n";
  if (recipient.original_recipient)
    append_field(out, "Original-Recipient", address_value(*recipient.original_recipient));
  append_field(out, "Final-Recipient", address_value(recipient.final_recipient));
  if (recipient.action) append_field(out, "Action", name(*recipient.action));
  if (recipient.status) append_field(out, "Status", recipient.status->text());
  if (recipient.remote_mta)
    append_field(out, "Remote-MTA", typed_value(*recipient.remote_mta, "dns"));
  if (recipient.diagnostic_code)
    append_field(out, "Diagnostic-Code", typed_value(*recipient.diagnostic_code, "x-unknown"));
  append_date(out, "Last-Attempt-Date", recipient.last_attempt);
  append_date(out, "Will-Retry-Until", recipient.will_retry_until);
}

}  // namespace

std::string write(const Report& report) {
  std::string out;
  if (!report.original_envelope_id.empty())
    append_field(out, "Original-Envelope-Id", printable(report.original_envelope_id, 500));
  append_field(out, "Reporting-MTA", typed_value(report.reporting_mta, "dns"));
  if (report.received_from_mta)
    append_field(out, "Received-From-MTA", typed_value(*report.received_from_mta, "dns"));
  append_date(out, "Arrival-Date", report.arrival_date);
  for (const RecipientReport& recipient : report.recipients) append_recipient(out, recipient);
  return out;
}

}  // namespace veredus::dsn
