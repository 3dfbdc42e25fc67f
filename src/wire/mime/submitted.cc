#include "wire/mime/submitted.h"

#include <algorithm>
#include <array>
#include <span>
#include <unordered_set>
#include <utility>

#include "base/text.h"
#include "base/utf8.h"
#include "wire/mime/charset.h"
#include "wire/mime/date.h"
#include "wire/mime/message_id.h"
#include "wire/mime/transfer_encoding.h"

namespace veredus::mime {
namespace {

constexpr HeaderLimits kNoLimits{.fields_max = HeaderScanner::kOctetsMax,
                                 .octets_max = HeaderScanner::kOctetsMax};
constexpr std::array<std::string_view, 2> kHidden{"Bcc", "Resent-Bcc"};
constexpr std::array<std::string_view, 3> kRecipientFields{"To", "Cc", "Bcc"};
constexpr std::array<std::string_view, 3> kResentFields{"Resent-To", "Resent-Cc", "Resent-Bcc"};

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
  return std::ranges::any_of(names, [&](std::string_view other) { return iequals(name, other); });
}

/// What stands before the first field: an mbox separator, or nothing.
std::size_t separator_octets(const Header& header) noexcept {
  return header.fields.empty() ? header.end_offset : header.fields.front().offset;
}

/// atext of RFC 5322 §3.2.3, spaces, and nothing else: a phrase that needs no quotes.
bool is_plain_phrase(std::string_view name) noexcept {
  constexpr std::string_view kSpecials = "!#$%&'*+-/=?^_`{|}~ ";
  return std::ranges::all_of(
      name, [&](char c) { return is_alpha(c) || is_digit(c) || kSpecials.contains(c); });
}

std::string in_quotes(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

/// Encoded words of whole characters, none longer than 75 octets (RFC 2047 §2, §5).
std::string encoded_words(std::string_view name) {
  constexpr std::string_view kBegin = "=?utf-8?B?";
  constexpr std::size_t kWordOctets = 45;  // 60 in base64, 72 with the delimiters.
  std::string out;
  while (!name.empty()) {
    std::size_t octets = 0;
    while (octets < name.size()) {
      const std::size_t next = leading_character_octets(name.substr(octets));
      if (octets + next > kWordOctets) break;
      octets += next;
    }
    if (!out.empty()) out += "\r\n ";
    std::string base64 = encode_base64(name.substr(0, octets));
    out.append(kBegin).append(trim(base64)).append("?=");
    name.remove_prefix(octets);
  }
  return out;
}

/// On one line, in UTF-8, without controls.
std::string clean_name(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    const std::size_t octets = leading_character_octets(name);
    const bool is_control = octets <= 1 && (octets == 0 || name[0] < ' ' || name[0] == '\x7F');
    out += is_control ? std::string_view(octets == 0 ? "?" : " ") : name.substr(0, octets);
    name.remove_prefix(std::max<std::size_t>(octets, 1));
  }
  return std::string(trim(out));
}

}  // namespace

HeaderEdits complete(std::string_view text, const Completion& completion) {
  const Header header = scan_header(text, kNoLimits);
  HeaderEdits edits;
  if (!completion.from.empty() && header.find("From") == nullptr)
    edits.added += "From: " + completion.from + "\r\n";
  if (header.find("Date") == nullptr)
    edits.added += "Date: " + format_date(completion.time, completion.offset) + "\r\n";
  if (header.find("Message-ID") == nullptr)
    edits.added +=
        "Message-ID: " + make_message_id(completion.time, completion.random, completion.hostname) +
        "\r\n";
  if (const std::size_t octets = separator_octets(header)) edits.removed.push_back({0, octets});
  for (const Field& field : header.fields)
    if (is_one_of(field.name, kHidden)) edits.removed.push_back({field.offset, field.octets});
  return edits;
}

std::string HeaderEdits::applied_to(std::string_view header) const {
  std::string out = added;
  std::size_t at = 0;
  for (const Span& span : removed) {
    out += header.substr(at, span.offset - at);
    at = span.offset + span.octets;
  }
  return out += header.substr(at);
}

void HeaderCompleter::feed(std::string_view octets, std::string& out) {
  if (!open_) {
    out += octets;
    return;
  }
  held_ += octets;
  scanner_.feed(octets);
  if (!scanner_.wants_more()) conclude(out);
}

void HeaderCompleter::finish(std::string& out) {
  scanner_.finish();
  if (open_) conclude(out);
}

void HeaderCompleter::conclude(std::string& out) {
  open_ = false;
  const std::string held = std::exchange(held_, {});
  if (scanner_.over_limit()) {
    out += held;
    return;
  }
  const std::string_view header = scanner_.header();
  const std::string_view body = std::string_view(held).substr(header.size());
  out += complete(header, completion_).applied_to(header);
  const bool has_empty_line = body.starts_with("\r\n") || body.starts_with('\n');
  if (!body.empty() && !has_empty_line) out += "\r\n";
  out += body;
}

HeaderRecipients recipients_of(std::string_view text) {
  const Header header = scan_header(text, kNoLimits);
  const bool is_resent = std::ranges::any_of(
      header.fields, [](const Field& field) { return is_one_of(field.name, kResentFields); });
  const auto& wanted = is_resent ? kResentFields : kRecipientFields;
  HeaderRecipients recipients;
  std::unordered_set<std::string> seen;
  for (const Field& field : header.fields) {
    if (!is_one_of(field.name, wanted)) continue;
    const AddressList list = parse_address_list(field.body);
    recipients.well_formed = recipients.well_formed && list.well_formed;
    for (Mailbox& mailbox : list.mailboxes())
      if (seen.insert(mailbox.address()).second) recipients.mailboxes.push_back(std::move(mailbox));
  }
  return recipients;
}

Result<std::vector<Mailbox>> authors(std::string_view text) {
  const Header header = scan_header(text, kNoLimits);
  const std::vector<const Field*> fields = header.find_all("From");
  if (fields.empty()) return std::vector<Mailbox>();
  if (fields.size() > 1)
    return fail(Fault::malformed, "the message has several From fields; write one (RFC 5322 3.6)");
  const AddressList list = parse_address_list(fields.front()->body);
  std::vector<Mailbox> mailboxes = list.mailboxes();
  const bool is_usable =
      list.well_formed && !mailboxes.empty() && std::ranges::all_of(mailboxes, [](const auto& one) {
        return !one.local_part.empty() && !one.domain.empty();
      });
  if (!is_usable)
    return fail(
        Fault::malformed,
        "the From field is no list of addresses; write it as From: Name <user@example.org>");
  return mailboxes;
}

std::string from_body(std::string_view name, std::string_view address) {
  const std::string clean = clean_name(name);
  if (clean.empty()) return std::string(address);
  const bool is_long = clean.size() > 200;  // A line of it is to stay short.
  std::string phrase = clean;
  if (is_long || !is_ascii(clean) || clean.contains("=?"))
    phrase = encoded_words(clean);
  else if (!is_plain_phrase(clean))
    phrase = in_quotes(clean);
  return phrase + (phrase.contains('\n') ? "\r\n <" : " <") + std::string(address) + '>';
}

}  // namespace veredus::mime
