#include "mail/accept/drop_file.h"

#include <optional>
#include <utility>

#include "base/text.h"
#include "wire/smtp/command.h"

namespace veredus::accept {
namespace {

constexpr std::string_view kTitle = "veredus-drop ";
constexpr std::string_view kVersion = "1";
constexpr smtp::ExtensionSet kKnown{smtp::Extension::size, smtp::Extension::eight_bit_mime,
                                    smtp::Extension::dsn};

/// The next line without its LF, or nothing when there is no LF any more.
std::optional<std::string_view> take_line(std::string_view head, std::size_t& at) {
  const std::size_t end = head.find('\n', at);
  if (end == std::string_view::npos) return std::nullopt;
  const std::size_t begin = std::exchange(at, end + 1);
  return head.substr(begin, end - begin);
}

std::unexpected<Error> bad(std::string_view line, const Error& error) {
  return fail(Fault::malformed, error.text() + ": " + printable(line));
}

Result<> check_title(std::string_view line) {
  if (!line.starts_with(kTitle)) return fail(Fault::malformed, "it does not begin as a drop file");
  if (line.substr(kTitle.size()) != kVersion)
    return fail(Fault::malformed, "it is of version " + printable(line.substr(kTitle.size()), 20) +
                                      ", which only a newer program reads");
  return {};
}

Result<> take_sender(std::string_view line, DropFile& file) {
  auto command = smtp::parse_mail(line);
  if (!command) return bad(line, command.error());
  auto params = smtp::read_mail_params(command->params, kKnown);
  if (!params) return bad(line, params.error());
  file.sender = std::move(command->path);
  file.params = std::move(*params);
  return {};
}

Result<> take_recipient(std::string_view line, DropFile& file) {
  auto command = smtp::parse_rcpt(line);
  if (!command) return bad(line, command.error());
  auto params = smtp::read_rcpt_params(command->params, kKnown);
  if (!params) return bad(line, params.error());
  if (file.recipients.size() == kDropRecipientsMax)
    return fail(Fault::malformed,
                "it has more than " + std::to_string(kDropRecipientsMax) + " recipients");
  file.recipients.push_back({std::move(command->path), std::move(*params)});
  return {};
}

}  // namespace

std::string encode(DropFile file, std::string_view message) {
  file.params.size = message.size();
  std::string out(kTitle);
  out.append(kVersion).append("\nFROM:").append(file.sender.text());
  out += smtp::render(smtp::write_params(file.params)) + '\n';
  for (const DropFile::Recipient& recipient : file.recipients)
    out +=
        "TO:" + recipient.path.text() + smtp::render(smtp::write_params(recipient.params)) + '\n';
  out += '\n';
  return out.append(message);
}

Result<ReadDropFile> decode_drop_file(std::string_view octets) {
  const std::string_view head = octets.substr(0, kDropHeadOctetsMax);
  ReadDropFile read;
  std::size_t at = 0;
  const auto title = take_line(head, at);
  const Result<> known = check_title(title.value_or(""));
  if (!known) return fail(known.error());
  const auto sender = take_line(head, at);
  const Result<> taken = take_sender(sender.value_or(""), read.file);
  if (!taken) return fail(taken.error());
  for (;;) {
    const auto line = take_line(head, at);
    if (!line) return fail(Fault::malformed, "it has no empty line before the message");
    if (line->empty()) break;
    const Result<> added = take_recipient(*line, read.file);
    if (!added) return fail(added.error());
  }
  if (read.file.recipients.empty()) return fail(Fault::malformed, "it has no recipient");
  if (read.file.params.size != octets.size() - at)
    return fail(Fault::malformed, "it has " + std::to_string(octets.size() - at) +
                                      " octets of message; its SIZE says another number");
  read.message_offset = at;
  return read;
}

}  // namespace veredus::accept
