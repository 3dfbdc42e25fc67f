// Messages and encodings: the vectors of mox and Dovecot.

#include <array>
#include <string>
#include <vector>

#include "base/text.h"
#include "testdata.h"
#include "wire/mime/address_list.h"
#include "wire/mime/charset.h"
#include "wire/mime/content_type.h"
#include "wire/mime/header.h"
#include "wire/mime/lexer.h"
#include "wire/mime/message_id.h"
#include "wire/mime/transfer_encoding.h"

namespace veredus::conformance {
namespace {

using namespace mime;

class VectorSuite : public Testdata {};

/// The address a message is from, when it is from exactly one (RFC 7489 §6.6.1); else why not.
std::string from_of(std::string_view message) {
  const Header header = scan_header(message);
  const auto fields = header.find_all("From");
  if (fields.size() != 1) return "errFromHeaders";
  const auto mailboxes = parse_address_list(fields[0]->body).mailboxes();
  return mailboxes.size() == 1 ? mailboxes[0].address() : "errFromAddresses";
}

TEST_F(VectorSuite, MoxFrom) {
  Verdicts verdicts({});
  const auto suite = read_json("mox-vectors-a/message-from.json");
  for (const auto& row : suite.as_array()) {
    const std::string input = octets(row.at("input"));
    const auto& more = row.at("more").as_array();
    const std::string want = octets(more.at(0)).empty() ? octets(more.at(1)) : octets(more.at(0));
    verdicts.judge(input, from_of(input) == want, from_of(input));
  }
}

TEST_F(VectorSuite, MoxMessageId) {
  Verdicts verdicts({});
  const auto suite = read_json("mox-vectors-a/message-messageid.json");
  for (const auto& row : suite.as_array()) {
    const std::string input = octets(row.at("input"));
    const auto id = parse_message_id(input);
    const std::string got = id ? ascii_lower(*id) : "";
    verdicts.judge(input, got == octets(row.at("more").as_array().at(0)), got);
  }
}

/// The vectors name long white space instead of writing it out.
bool is_abridged(std::string_view text) { return text.contains("WHITESPACE"); }

std::string with_crlf(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && !out.ends_with('\r')) out += '\r';
    out += text[i];
  }
  return out;
}

TEST_F(VectorSuite, DovecotQuotedPrintableDecoder) {
  Verdicts verdicts({});
  const auto suite = read_json("dovecot-vectors-a/qp-decoder.json");
  for (const auto& row : suite.at("tests").as_array()) {
    const std::string input = octets(row.at(0));
    if (is_abridged(input)) continue;
    // Dovecot turns a bare LF of the input into CRLF; we keep line endings as they are.
    const std::string got = decode_quoted_printable(with_crlf(input));
    verdicts.judge(input, got == octets(row.at(1)), got);
  }
}

TEST_F(VectorSuite, DovecotQuotedPrintableEncoder) {
  static constexpr std::string_view kSpace =
      "white space before a line ending is encoded (RFC 2045 \u00a76.7 rule 3)";
  static constexpr std::array kDeviations{
      Deviation{"a b \n c d", kSpace},
  };
  Verdicts verdicts(kDeviations);
  const auto suite = read_json("dovecot-vectors-a/qp-encoder.json");
  for (const char* table : {"tests", "tests_576"})
    for (const auto& row : suite.at(table).as_array()) {
      // Lines may be broken elsewhere than Dovecot breaks them: what counts is that the result
      // says the same.
      const std::string input = octets(row.at(0));
      const std::string want = octets(row.at(2));
      if (is_abridged(input)) continue;
      const std::string encoded = encode_quoted_printable(with_crlf(input));
      const std::string decoded = decode_quoted_printable(encoded);
      // A last "=" without line ending, as Dovecot closes a line of white space, is its own.
      const bool ends_open = want.ends_with('=');
      verdicts.judge(
          input,
          decoded == with_crlf(input) && (ends_open || decoded == decode_quoted_printable(want)),
          encoded);
    }
}

TEST_F(VectorSuite, DovecotComment) {
  Verdicts verdicts({});
  const auto suite = read_json("dovecot-vectors-a/rfc822-parser.json");
  for (const auto& row : suite.at("tests").as_array()) {
    const std::string input = octets(row.at(0));
    Lexer in(input);
    const std::string got = in.take_comment();
    const bool is_open = octets(row.at(2)) == "-1";
    verdicts.judge(input, in.sound() != is_open && (is_open || got == octets(row.at(1))), got);
  }
}

TEST_F(VectorSuite, DovecotQuotedString) {
  Verdicts verdicts({});
  const auto suite = read_json("dovecot-vectors-a/rfc822-parser.json");
  for (const auto& row : suite.at("tests_520").as_array()) {
    const std::string input = octets(row.at(0));
    Lexer in(input);
    const std::string got = in.take_quoted();
    const bool is_open = octets(row.at(2)) == "-1";
    const bool has_more = octets(row.at(2)) == "1";
    verdicts.judge(input,
                   in.sound() != is_open && in.done() != has_more && got == octets(row.at(1)), got);
  }
}

/// The text in "TEST_STRING (text)".
std::string unwrapped(std::string_view text) {
  text.remove_prefix(text.find('(') + 1);
  text.remove_suffix(1);
  return std::string(text);
}

TEST_F(VectorSuite, DovecotContentType) {
  static constexpr std::string_view kSlash =
      "what stands behind a subtype is skipped, so that the content is still read as what it says";
  static constexpr std::array kDeviations{
      Deviation{" text/plain/format ", kSlash},
      Deviation{" text/plain/format;charset=us-ascii ", kSlash},
      Deviation{" text/plain/format ;charset=us-ascii ", kSlash},
  };
  Verdicts verdicts(kDeviations);
  const auto suite = read_json("dovecot-vectors-a/rfc822-parser.json");
  for (const auto& row : suite.at("test_cases").as_array()) {
    const std::string input = unwrapped(octets(row.at(0)));
    // Names outside ASCII were mangled when the table was made.
    if (!is_ascii(input)) continue;
    const auto content = parse_content_type(input);
    const bool is_whole = content && !content->type.empty() && !content->subtype.empty();
    const std::string got = is_whole ? content->type + "/" + content->subtype : "";
    verdicts.judge(input, got == octets(row.at(2)), got);
  }
}

}  // namespace
}  // namespace veredus::conformance
