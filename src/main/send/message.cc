#include "main/send/message.h"

#include <fmt/format.h>

#include "wire/mime/date.h"
#include "wire/mime/message_id.h"

namespace veredus::send {
namespace {

constexpr std::string_view kFiller =
    "The relay horse carries the next letter as soon as the last one is in the saddle bag.\r\n";

std::string list(const std::vector<std::string>& addresses) {
  std::string text;
  for (const std::string& address : addresses)
    text += (text.empty() ? "<" : ",\r\n <") + address + '>';
  return text;
}

}  // namespace

std::string write_letter(const Letter& letter, std::uint64_t number, WallTime now) {
  const std::string from = letter.sender.empty() ? "postmaster@" + letter.domain : letter.sender;
  std::string text = fmt::format(
      "From: <{}>\r\nTo: {}\r\nDate: {}\r\nMessage-ID: {}\r\nSubject: {}\r\n"
      "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
      "A message sent by veredus send, number {}.\r\n",
      from, list(letter.recipients), mime::format_date(now),
      mime::make_message_id(now, letter.run + number, letter.domain), letter.subject, number + 1);
  text.reserve(letter.octets);
  while (text.size() < letter.octets) text += kFiller;
  return text;
}

}  // namespace veredus::send
