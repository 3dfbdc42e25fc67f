// A peer's replies: Dovecot's cases.

#include <array>
#include <string>

#include "testdata.h"
#include "wire/smtp/reply.h"

namespace veredus::conformance {
namespace {

using smtp::PeerReply;

/// The reply in `wire`, whose lines must all end in CRLF and be used up.
Result<PeerReply> parse(std::string_view wire, smtp::ReplyLimits limits) {
  smtp::ReplyParser parser(limits);
  for (std::size_t end = 0; (end = wire.find("\r\n")) != std::string_view::npos;) {
    auto fed = parser.feed(wire.substr(0, end));
    if (!fed) return fail(fed.error());
    wire.remove_prefix(end + 2);
    if (*fed && wire.empty()) return std::move(**fed);
    if (*fed) break;
  }
  return fail(Fault::malformed, "not one whole reply");
}

/// "( const char * [ ] ) ['a', 'b', None]" as the texts joined by spaces.
std::string joined(std::string_view c_list) {
  std::string out;
  for (std::size_t at = c_list.find(") [") + 3; c_list.at(at) == '\'' || c_list.at(at) == '"';) {
    const std::size_t end = c_list.find(c_list.at(at), at + 1);
    const std::string_view text = c_list.substr(at + 1, end - at - 1);
    if (!text.empty()) (out += out.empty() ? "" : " ") += text;
    at = end + 3;
  }
  return out;
}

std::string status_of(const boost::json::value& row) {
  std::string out;
  if (const auto* numbers = row.as_object().if_contains("enhanced_code"))
    for (const auto& number : numbers->as_array())
      (out += out.empty() ? "" : ".") += std::string_view(number.as_string());
  return out;
}

class ReplySuite : public Testdata {};

TEST_F(ReplySuite, DovecotValid) {
  static constexpr std::string_view kEscaped =
      "control characters are kept in the lines and shown as \\xNN, not as spaces";
  static constexpr std::array kDeviations{
      Deviation{"250-smtp.example.com We got some nice '\x03' and '\x04'\r\n250 HELP\r\n",
                kEscaped},
      Deviation{"250 smtp.example.com We got some nice '\b'\r\n", kEscaped},
  };
  Verdicts verdicts(kDeviations);
  const auto suite = read_json("dovecot-vectors-a/smtp-reply.json");
  for (const auto& row : suite.at("valid_reply_parse_tests").as_array()) {
    const std::string input = octets(row.at("input"));
    const auto reply = parse(input, {});
    const std::string status = reply && reply->status ? reply->status->text() : "";
    const bool passed = reply && std::to_string(reply->code) == octets(row.at("status")) &&
                        reply->text() == joined(octets(row.at("text_lines"))) &&
                        status == status_of(row);
    verdicts.judge(input, passed, reply ? reply->verbatim() : reply.error().text());
  }
}

TEST_F(ReplySuite, DovecotInvalid) {
  static constexpr std::string_view kTolerated =
      "control characters other than CR, LF and NUL change nothing about what the peer decided; "
      "they are escaped wherever the text is shown";
  static constexpr std::array kDeviations{
      Deviation{"500 This is \x03 worse\r\n", kTolerated},
      Deviation{"251 example.com We got '\x04'\r\n", kTolerated},
      Deviation{"250-example.com Hello\r\n250 We got some '\b' for you\r\n", kTolerated},
  };
  Verdicts verdicts(kDeviations);
  const auto suite = read_json("dovecot-vectors-a/smtp-reply.json");
  for (const auto& row : suite.at("invalid_reply_parse_tests").as_array()) {
    const std::string input = octets(row.at("reply"));
    smtp::ReplyLimits limits;
    // Dovecot bounds the whole reply, we bound lines and their number.
    if (row.as_object().contains("max_size")) limits.line_octets_max = 50 / 2;
    verdicts.judge(input, !parse(input, limits).has_value());
  }
}

}  // namespace
}  // namespace veredus::conformance
