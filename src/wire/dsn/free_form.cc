#include "wire/dsn/free_form.h"

#include <algorithm>
#include <array>
#include <optional>
#include <ranges>
#include <utility>

#include "base/text.h"
#include "wire/dsn/field.h"
#include "wire/dsn/said.h"
#include "wire/mime/address_list.h"
#include "wire/mime/encoded_word.h"
#include "wire/smtp/chars.h"

namespace veredus::dsn {

namespace {

constexpr std::size_t kRecipientsMax = 200;
constexpr std::size_t kDiagnosticOctetsMax = 2000;
constexpr std::size_t kReportOctetsMax =
    64 * 1024;  ///< The report stands in front of the original.

struct Phrase {
  std::string_view form;
  std::string_view words;  ///< In lower case, on one line.
};

/// What each server says; the first that is found names the form.
constexpr std::array kPhrases{
    Phrase{"qmail", "this is the qmail-send program"},
    Phrase{"dma", "this is the dragonfly mail agent"},
    Phrase{"postfix", "this is the postfix program at host"},
    Phrase{"postfix", "this is the mail system at host"},
    Phrase{"exim", "this message was created automatically by mail delivery software"},
    Phrase{"opensmtpd", "this is the mailer-daemon, please do not reply"},
    Phrase{"office365", "delivery has failed to these recipients"},
    Phrase{"exchange", "did not reach the following recipient"},
    Phrase{"gmail", "delivery to the following recipient"},
    Phrase{"gmail", "google groups"},
    Phrase{"x3", "delevery to the following recipients"},
    Phrase{"pmdf", "cannot be delivered to the following recipients"},
    Phrase{"ezweb", "following recipients did not receive this message"},
    Phrase{"ezweb", "the user(s) account is"},
    Phrase{"yahoo", "unable to deliver your message to the following address"},
    Phrase{"yahoo", "unable to deliver message to the following address"},
    Phrase{"mailfoundry", "unable to deliver message to:"},
    Phrase{"kddi", "could not be delivered to:"},
    Phrase{"biglobe", "the following addresses had delivery problems"},
    Phrase{"openmail", "the following addresses had delivery errors"},
    Phrase{"sendmail", "the following addresses had"},
    Phrase{"sendmail", "transcript of session follows"},
    Phrase{"imail", "delivery failed "},
    Phrase{"notes", "failure reasons"},
    Phrase{"mfilter", "m-filter"},
    Phrase{"smtpd", "failed addresses follow"},
    Phrase{"dynamics", "we had trouble delivering your message"},
    Phrase{"verizon", "message could not be delivered to mobile"},
    Phrase{"james", "error: invalid user address"},
    Phrase{"surfcontrol", "your message could not be sent"},
    Phrase{"psmtp", "your mail message to the following address(es) could not be delivered"},
    Phrase{"courier", "this is a delivery status notification from"},
};

/// Where the copy of the original begins: a line that begins so, in lower case, without the
/// dashes in front of it.
constexpr std::array<std::string_view, 20> kOriginalFollows{"received:",
                                                            "return-path:",
                                                            "below this line is a copy",
                                                            "this is a copy",
                                                            "original message",
                                                            "message headers follow",
                                                            "the header of the original",
                                                            "unsent message follows",
                                                            "returned message",
                                                            "included is a copy",
                                                            "below is a copy",
                                                            "message text follows",
                                                            "original mail info",
                                                            "reporting-mta:",
                                                            "dkim-signature:",
                                                            "smtp command",
                                                            "the attachment contains",
                                                            "the original message was included",
                                                            "full headers follow",
                                                            "this message is in mime"};

/// Subjects of bounces, in lower case.
constexpr std::array<std::string_view, 16> kSubjects{
    "failure notice",   "undeliver",           "returned mail",         "returned to sender",
    "delivery failure", "delivery status",     "delivery failed",       "mail delivery",
    "delayed mail",     "mail system error",   "delivery notification", "mail failed",
    "could not send",   "returning to sender", "delivery has failed",   "error sending your mail"};

/// In the From field of a mail server's own mail, in lower case.
constexpr std::array<std::string_view, 9> kDaemons{
    "mailer-daemon",        "postmaster",    "post_master",
    "mail delivery",        "mail.delivery", "mail deliver system",
    "system administrator", "mailerdaemon",  "ndr administrator"};

/// Says that trying goes on, in lower case.
constexpr std::array<std::string_view, 8> kStillTrying{
    "this is a warning", "warning only", "still being retried",    "has been delayed",
    "will be retried",   "warning--",    "not yet been delivered", "delayed mail"};

template <class Words>
bool contains_any(std::string_view text, const Words& words) {
  return std::ranges::any_of(words, [text](std::string_view w) { return text.contains(w); });
}

std::string field_text(const mime::Header& header, std::string_view name) {
  const mime::Field* field = header.find(name);
  return field == nullptr ? "" : ascii_lower(mime::decode_words(mime::unfold(field->body)));
}

bool is_from_daemon(const mime::Header& header) {
  const mime::Field* path = header.find("Return-Path");
  if (path != nullptr && (trim(path->body) == "<>" || trim(path->body).empty())) return true;
  const mime::Field* from = header.find("From");
  if (from == nullptr || trim(from->body) == "<>") return true;
  return header.find("X-Failed-Recipients") != nullptr ||
         contains_any(field_text(header, "From"), kDaemons);
}

bool is_address_octet(char c) noexcept {
  return smtp::is(smtp::kAtext, c) || c == '.' || smtp::is_8bit(c);
}

/// An address somewhere in a line: "local@domain".
struct Found {
  std::string_view address;
  std::size_t begin = 0;
  std::size_t end = 0;
};

std::optional<Found> find_address(std::string_view line, std::size_t from = 0) {
  for (std::size_t at = line.find('@', from); at != std::string_view::npos;
       at = line.find('@', at + 1)) {
    std::size_t begin = at;
    while (begin > from && is_address_octet(line[begin - 1])) --begin;
    std::size_t end = at + 1;
    while (end < line.size() && is_address_octet(line[end])) ++end;
    while (end > at && (line[end - 1] == '.' || line[end - 1] == '\'')) --end;
    while (begin < at && line[begin] == '\'') ++begin;
    if (begin < at && end > at + 1) return Found{line.substr(begin, end - begin), begin, end};
  }
  return std::nullopt;
}

/// Reads the report line by line. A line that begins with an address begins a recipient, and what
/// follows up to the next one is about it.
class Scanner {
 public:
  Scanner(std::vector<std::string> known, std::string reader)
      : known_(std::move(known)), reader_(std::move(reader)) {}

  std::vector<BouncedRecipient> scan(std::string_view text) {
    while (!text.empty()) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(line.size() + 1, text.size()));
      if (begins_original(line) && (!recipients_.empty() || !preamble_.empty())) break;
      take(trim(line));
    }
    for (const std::string& address : known_) find_or_add(address);
    share_diagnostics();
    return std::move(recipients_);
  }

 private:
  static bool begins_original(std::string_view line) {
    line.remove_prefix(std::min(line.find_first_not_of("-=|* \t"), line.size()));
    const std::string start = ascii_lower(line.substr(0, 60));
    return std::ranges::any_of(kOriginalFollows,
                               [&start](std::string_view w) { return start.starts_with(w); });
  }

  void take(std::string_view line) {
    if (line.empty()) return;
    const auto found = find_address(line);
    if (found && begins_recipient(line, *found)) {
      current_ = find_or_add(found->address);
      std::string_view rest = line.substr(found->end);
      rest.remove_prefix(std::min(rest.find_first_not_of("\"'>)]:;, \t"), rest.size()));
      const bool is_said = find_code(line.substr(0, found->begin)).has_value();
      append(is_said ? line : rest);
    } else {
      append(line);
    }
  }

  bool begins_recipient(std::string_view line, const Found& found) const {
    const std::string_view behind = line.substr(found.end);
    const bool is_headed = behind.starts_with(':') || behind.starts_with(">:");
    if (iequals(found.address, reader_) && !is_headed) return false;
    if (!known_.empty() && !is_known(found.address)) return false;
    const std::string_view before = line.substr(0, found.begin);
    if (before.find_first_not_of("*<>\"'[(- \t") == std::string_view::npos) return true;
    const bool is_said = find_code(before).has_value();
    if (is_said)
      return std::ranges::find(recipients_, found.address, &BouncedRecipient::address) ==
             recipients_.end();
    constexpr std::array<std::string_view, 12> kLeads{"recipient address:",
                                                      "recipient:",
                                                      "mailbox is full:",
                                                      "the following recipient:",
                                                      "rcpt to:",
                                                      "delivered to:",
                                                      "deliver message to:",
                                                      "delivering your mail to",
                                                      "delivery failed ",
                                                      "permanent errors:",
                                                      "failed recipient:",
                                                      "could not be sent to"};
    return contains_any(ascii_lower(before.substr(0, 200)), kLeads) && !before.contains('@');
  }

  bool is_known(std::string_view address) const {
    return std::ranges::any_of(known_,
                               [address](const std::string& one) { return iequals(one, address); });
  }

  std::size_t find_or_add(std::string_view address) {
    const auto same = std::ranges::find_if(recipients_, [address](const BouncedRecipient& one) {
      return iequals(one.address, address);
    });
    if (same != recipients_.end()) return static_cast<std::size_t>(same - recipients_.begin());
    if (recipients_.size() < kRecipientsMax) recipients_.emplace_back().address = address;
    return recipients_.size() - 1;
  }

  void append(std::string_view words) {
    std::string& to = recipients_.empty() ? preamble_ : recipients_[current_].diagnostic;
    if (words.empty() || to.size() + words.size() > kDiagnosticOctetsMax) return;
    if (!to.empty()) to += ' ';
    to += words;
  }

  /// Several recipients may stand above one explanation, and one below it.
  void share_diagnostics() {
    std::string_view shared = preamble_;
    for (BouncedRecipient& recipient : std::views::reverse(recipients_)) {
      if (recipient.diagnostic.empty())
        recipient.diagnostic = shared;
      else
        shared = recipient.diagnostic;
    }
  }

  std::vector<std::string> known_;  ///< Of X-Failed-Recipients: no other address counts.
  std::string reader_;              ///< Whom the bounce is for: no recipient of the original.
  std::string preamble_;
  std::vector<BouncedRecipient> recipients_;
  std::size_t current_ = 0;
};

std::vector<std::string> addresses_of(const mime::Header& header, std::string_view field) {
  std::vector<std::string> addresses;
  if (const mime::Field* found = header.find(field))
    for (const mime::Mailbox& mailbox :
         mime::parse_address_list(found->body, kRecipientsMax).mailboxes())
      addresses.push_back(mailbox.address());
  return addresses;
}

void conclude(Bounce& bounce, Action action) {
  for (BouncedRecipient& recipient : bounce.recipients) {
    recipient.action = action;
    recipient.status = find_status(recipient.diagnostic);
  }
}

/// The form that the report has; empty when none.
std::string_view form_of(const mime::Header& header, std::string_view lower) {
  const auto known = std::ranges::find_if(
      kPhrases, [lower](const Phrase& phrase) { return lower.contains(phrase.words); });
  if (known != kPhrases.end()) return known->form;
  const bool is_other = contains_any(field_text(header, "Subject"), kSubjects) ||
                        header.find("X-Failed-Recipients") != nullptr;
  return is_other ? "other" : "";
}

}  // namespace

Bounce read_free_form(const mime::Header& header, std::string_view text) {
  Bounce bounce;
  if (!is_from_daemon(header)) return bounce;
  const std::string_view report = text.substr(0, kReportOctetsMax);
  const std::string lower = ascii_lower(report);
  const std::string_view form = form_of(header, lower);
  if (form.empty()) return bounce;

  const std::vector<std::string> readers = addresses_of(header, "To");
  bounce.recipients =
      Scanner(addresses_of(header, "X-Failed-Recipients"), readers.empty() ? "" : readers.front())
          .scan(report);
  if (form == "other" && bounce.recipients.empty()) return bounce;
  bounce.kind = MailKind::bounce;
  bounce.form = form;
  const bool tries_on = contains_any(field_text(header, "Subject"), kStillTrying) ||
                        contains_any(lower.substr(0, 2000), kStillTrying);
  conclude(bounce, tries_on ? Action::delayed : Action::failed);
  return bounce;
}

}  // namespace veredus::dsn
