#include "main/bench/mailing.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "wire/mime/date.h"
#include "wire/smtp/data_encoder.h"

namespace veredus::bench {
namespace {

constexpr std::uint64_t kLineOctets = 80;  // With its CRLF.
constexpr std::string_view kCrlf = "\r\n";

/// How long the next line of the filler is: what is left for the last one must have room for CRLF.
std::uint64_t next_line(std::uint64_t left) {
  if (left <= kLineOctets) return left;
  return left == kLineOctets + 1 ? kLineOctets - 1 : kLineOctets;
}

}  // namespace

std::string filler(std::uint64_t octets) {
  std::string text;
  text.reserve(octets);
  for (std::uint64_t left = octets; left > 0;) {
    const std::uint64_t line = next_line(left);
    text.append(line - std::min<std::uint64_t>(line, kCrlf.size()), 'X').append(kCrlf);
    left -= line;
  }
  text.resize(octets, 'X');
  return text;
}

Mailing::Mailing(MailingOrder order, WallTime now)
    : order_(std::move(order)), mail_("MAIL FROM:<" + order_.sender + ">\r\n") {
  const std::size_t at = order_.recipient.rfind('@');
  local_part_ = order_.recipient.substr(0, at);
  domain_ = order_.recipient.substr(at + 1);
  rest_ = smtp::encode_data(
      fmt::format("From: <{}>\r\nTo: <{}>\r\nDate: {}\r\nSubject: veredus bench source\r\n\r\n{}",
                  order_.sender, order_.recipient, mime::format_date(now), filler(order_.octets)));
}

void Mailing::add_rcpt(std::uint64_t number, std::string& out) const {
  out += "RCPT TO:<";
  out += local_part_;
  out += '@';
  if (order_.domains > 0) fmt::format_to(std::back_inserter(out), "d{}.", number % order_.domains);
  out += domain_;
  out += ">\r\n";
}

std::string Mailing::message_id(std::uint64_t number) const {
  return fmt::format("Message-ID: <{:016x}.{:012}@{}>\r\n", order_.run, number, domain_);
}

}  // namespace veredus::bench
