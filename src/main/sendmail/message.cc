#include "main/sendmail/message.h"

#include <algorithm>
#include <ranges>
#include <string_view>
#include <unordered_set>
#include <utility>

#include <sysexits.h>

#include "base/text.h"
#include "wire/mime/address_list.h"
#include "wire/mime/submitted.h"

namespace veredus::sendmail {
namespace {

std::unexpected<Failure> fail_with(int status, std::string text) {
  return std::unexpected(Failure{status, std::move(text)});
}

/// Appends a line that ended with LF, or the message's last one; a CR inside ends a line too.
void append_line(std::string_view line, std::string& message) {
  for (std::size_t cr = line.find('\r'); cr != std::string_view::npos; cr = line.find('\r')) {
    message.append(line.substr(0, cr)).append("\r\n");
    line.remove_prefix(cr + 1);
  }
  message.append(line).append("\r\n");
}

/// `address` with the domain that it lacks. Errors: malformed.
Result<smtp::Address> qualified(const mime::Mailbox& mailbox, const std::string& domain) {
  mime::Mailbox whole = mailbox;
  if (whole.domain.empty() && whole.local_part.contains('@'))
    return smtp::Address::parse(whole.local_part);
  if (whole.domain.empty()) whole.domain = domain;
  return smtp::Address::parse(whole.address());
}

std::unexpected<Failure> bad_address(int status, const std::string& address, const Error& error) {
  return fail_with(status, '<' + printable(address) + ">: " + error.text());
}

/// Whether these are all that a word of the command line says: `ann,bob@x.example`, `<ann>`.
bool is_all_of(std::string_view word, const std::vector<mime::Mailbox>& mailboxes) {
  std::string wanted;
  for (const mime::Mailbox& mailbox : mailboxes) {
    if (!wanted.empty()) wanted += ',';
    wanted += mailbox.local_part;
    if (!mailbox.domain.empty()) wanted += '@' + mailbox.domain;
  }
  word = trim(word);
  if (word.starts_with('<') && word.ends_with('>')) word = word.substr(1, word.size() - 2);
  return std::ranges::equal(word | std::views::filter([](char c) { return c != ' ' && c != '\t'; }),
                            wanted);
}

/// Of a word of the command line, where a name without a domain is somebody here. Empty when it is
/// no address, nor a list of them.
std::vector<mime::Mailbox> mailboxes_in(const std::string& word) {
  const mime::AddressList list = mime::parse_address_list(word);
  auto mailboxes = list.mailboxes();
  if (!list.well_formed && !is_all_of(word, mailboxes)) mailboxes.clear();
  return mailboxes;
}

std::expected<smtp::ReversePath, Failure> find_sender(const Options& options,
                                                      const Circumstances& circumstances) {
  const std::string written = options.sender.value_or(circumstances.login);
  if (trim(written).empty() || trim(written) == "<>") return smtp::ReversePath();
  const auto mailboxes = mailboxes_in(written);
  if (mailboxes.size() != 1)
    return fail_with(EX_USAGE, "-f " + printable(written) + ": write one address");
  auto address = qualified(mailboxes.front(), circumstances.domain);
  if (!address) return bad_address(EX_USAGE, written, address.error());
  return smtp::ReversePath(std::move(*address));
}

/// Each once, in order.
class RecipientList {
 public:
  void add(smtp::Address address) {
    if (seen_.insert(address).second) list_.push_back(std::move(address));
  }
  bool empty() const noexcept { return list_.empty(); }
  std::vector<smtp::Address> take() { return std::move(list_); }

 private:
  std::unordered_set<smtp::Address> seen_;
  std::vector<smtp::Address> list_;
};

/// Adds each address that is not there yet. The failure is of the one that is none.
std::expected<void, Failure> add_recipients(const std::vector<mime::Mailbox>& mailboxes, int status,
                                            const std::string& domain, RecipientList& recipients) {
  for (const mime::Mailbox& mailbox : mailboxes) {
    auto address = qualified(mailbox, domain);
    if (!address) return bad_address(status, mailbox.address(), address.error());
    recipients.add(std::move(*address));
  }
  return {};
}

std::expected<std::vector<smtp::Address>, Failure> find_recipients(
    const Options& options, const Circumstances& circumstances, std::string_view message) {
  RecipientList recipients;
  for (const std::string& argument : options.recipients) {
    const auto mailboxes = mailboxes_in(argument);
    if (mailboxes.empty())
      return fail_with(EX_USAGE, printable(argument) + ": is no address, nor a list of them");
    const auto added = add_recipients(mailboxes, EX_USAGE, circumstances.domain, recipients);
    if (!added) return std::unexpected(added.error());
  }
  if (options.recipients_from_header) {
    mime::HeaderScanner scanner;
    scanner.feed(message);
    scanner.finish();
    const auto named = mime::recipients_of(scanner.header());
    const auto added =
        add_recipients(named.mailboxes, EX_DATAERR, circumstances.domain, recipients);
    if (!added) return std::unexpected(added.error());
  }
  if (!recipients.empty()) return recipients.take();
  if (options.recipients_from_header)
    return fail_with(EX_DATAERR, "no recipient in the message's header (To, Cc, Bcc)");
  return fail_with(EX_USAGE, "name the recipients, or take them from the message's header with -t");
}

/// Of the sender; of the caller when failures go nowhere.
std::string from_field(const Options& options, const Circumstances& circumstances,
                       const smtp::ReversePath& sender) {
  const std::string address = sender.is_null() ? circumstances.login + '@' + circumstances.domain
                                               : sender.address()->text();
  const bool is_caller = !options.sender || options.sender == circumstances.login;
  if (!options.full_name.empty()) return mime::from_body(options.full_name, address);
  return mime::from_body(is_caller ? circumstances.full_name : "", address);
}

}  // namespace

std::expected<std::string, Failure> read_message(std::istream& in, bool dot_ends,
                                                 std::uint64_t octets_max) {
  std::string message;
  for (std::string line; std::getline(in, line);) {
    std::erase(line, '\0');
    while (line.ends_with('\r')) line.pop_back();
    if (dot_ends && line == ".") return message;
    append_line(line, message);
    if (message.size() > octets_max)
      return fail_with(EX_DATAERR,
                       "the message is larger than " + std::to_string(octets_max) + " octets");
  }
  if (in.bad()) return fail_with(EX_IOERR, "standard input cannot be read");
  return message;
}

std::expected<Submission, Failure> make_submission(const Options& options,
                                                   const Circumstances& circumstances,
                                                   const std::string& message) {
  auto sender = find_sender(options, circumstances);
  if (!sender) return std::unexpected(sender.error());
  auto recipients = find_recipients(options, circumstances, message);
  if (!recipients) return std::unexpected(recipients.error());
  mime::HeaderCompleter completer({.time = circumstances.time,
                                   .random = circumstances.random,
                                   .hostname = circumstances.hostname,
                                   .from = from_field(options, circumstances, *sender)});
  Submission submission{std::move(*sender), std::move(*recipients), {}};
  completer.feed(message, submission.message);
  completer.finish(submission.message);
  if (completer.scanner().over_limit())
    return fail_with(EX_DATAERR, "the message's header is larger than " +
                                     std::to_string(mime::HeaderScanner::kOctetsMax) + " octets");
  return submission;
}

}  // namespace veredus::sendmail
