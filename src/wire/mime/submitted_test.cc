#include "wire/mime/submitted.h"

#include <gtest/gtest.h>

#include "base/utf8.h"
#include "wire/mime/encoded_word.h"

namespace veredus::mime {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kDate = "Date: Thu, 1 Jan 1970 00:01:40 +0000\r\n";
constexpr std::string_view kId = "Message-ID: <64.0000000000000007@host.example>\r\n";

Completion completion(std::string from = {}) {
  return {.time = std::chrono::system_clock::time_point(100s),
          .random = 7,
          .hostname = "host.example",
          .from = std::move(from)};
}

/// The message completed, fed in two pieces.
std::string completed(std::string_view message, std::size_t cut, std::string from = {}) {
  HeaderCompleter completer(completion(std::move(from)));
  std::string out;
  completer.feed(message.substr(0, cut), out);
  completer.feed(message.substr(cut), out);
  completer.finish(out);
  EXPECT_FALSE(completer.is_open());
  return out;
}

/// D, I and F stand for the fields that may be added.
std::string expected(std::string_view want) {
  std::string out;
  std::string_view rest = want;
  for (; !rest.empty() && rest.front() != '|'; rest.remove_prefix(1)) {
    if (rest.front() == 'F') out += "From: me@x\r\n";
    if (rest.front() == 'D') out += kDate;
    if (rest.front() == 'I') out += kId;
  }
  return out + std::string(rest.substr(1));
}

struct CompleteCase {
  const char* name;
  std::string_view message;
  std::string_view want;
};
class Complete : public testing::TestWithParam<CompleteCase> {};

TEST_P(Complete, WhereverTheStreamIsCut) {
  const CompleteCase& c = GetParam();
  for (std::size_t cut = 0; cut <= c.message.size(); ++cut) {
    SCOPED_TRACE(cut);
    EXPECT_EQ(completed(c.message, cut, "me@x"), expected(c.want));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rfc6409Section8, Complete,
    testing::Values(
        CompleteCase{"nothing", "", "FDI|"},
        CompleteCase{"all_there", "From: a@b\r\nDate: x\r\nmessage-id: y\r\n\r\nBcc: z\r\n",
                     "|From: a@b\r\nDate: x\r\nmessage-id: y\r\n\r\nBcc: z\r\n"},
        CompleteCase{"all_missing", "Subject: s\r\n\r\nbody", "FDI|Subject: s\r\n\r\nbody"},
        CompleteCase{"empty_date_stays", "Date:\r\nFrom: a\r\n\r\n", "I|Date:\r\nFrom: a\r\n\r\n"},
        CompleteCase{"bcc", "From: a\r\nBcc: x,\r\n y\r\n\tz\r\nDate: d\r\nBCC : q\r\n\r\nb",
                     "I|From: a\r\nDate: d\r\n\r\nb"},
        CompleteCase{"bcc_alone", "Bcc: x\r\n\r\nb", "FDI|\r\nb"},
        CompleteCase{"resent_bcc", "From: a\r\nDate: d\r\nResent-Bcc: x\r\nResent-To: y\r\n\r\n",
                     "I|From: a\r\nDate: d\r\nResent-To: y\r\n\r\n"},
        CompleteCase{"bcc_at_the_end", "From: a\r\nDate: d\r\nBcc: x", "I|From: a\r\nDate: d\r\n"},
        CompleteCase{"lookalikes_stay", "X-Bcc: a\r\nBccc: b\r\nFrom: a\r\nDate: d\r\n\r\n",
                     "I|X-Bcc: a\r\nBccc: b\r\nFrom: a\r\nDate: d\r\n\r\n"},
        CompleteCase{"no_header", "hello\r\nBcc: x\r\n", "FDI|\r\nhello\r\nBcc: x\r\n"},
        CompleteCase{"no_empty_line", "From: a\r\nDate: d\r\nhello\r\n",
                     "I|From: a\r\nDate: d\r\n\r\nhello\r\n"},
        CompleteCase{"body_first", "\r\nDate: no field\r\n", "FDI|\r\nDate: no field\r\n"},
        CompleteCase{"mbox_line", "From x Mon\r\nFrom: a\r\nDate: d\r\n\r\n",
                     "I|From: a\r\nDate: d\r\n\r\n"},
        CompleteCase{"bare_newlines", "From: a\nBcc: x\n y\nDate: d\n\nb\n",
                     "I|From: a\nDate: d\n\nb\n"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Complete, AddsFromOnlyWhenItIsGiven) {
  EXPECT_FALSE(completed("Subject: s\r\n\r\n", 3).contains("From:"));
}

TEST(HeaderCompleter, PassesAnEndlessHeaderOn) {
  HeaderCompleter completer(completion());
  const std::string field = "X: " + std::string(1000, 'x') + "\r\n";
  std::string in;
  std::string out;
  while (completer.is_open()) {
    in += field;
    completer.feed(field, out);
    ASSERT_LE(in.size(), HeaderScanner::kOctetsMax + field.size());
  }
  completer.finish(out);
  EXPECT_TRUE(completer.scanner().over_limit());
  EXPECT_EQ(out, in);
}

std::string addresses(const std::vector<Mailbox>& mailboxes) {
  std::string out;
  for (const Mailbox& mailbox : mailboxes) out += mailbox.address() + ' ';
  return out;
}

TEST(RecipientsOf, NamesToCcAndBcc) {
  const auto found = recipients_of(
      "To: A <a@x>, b@x\r\nSubject: c@x\r\ncc: Group: d@x, a@x;\r\nBcc:\r\n e@x\r\n\r\nTo: f@x");
  EXPECT_EQ(addresses(found.mailboxes), "a@x b@x d@x e@x ");
  EXPECT_TRUE(found.well_formed);
}

TEST(RecipientsOf, PrefersResentFields) {  // RFC 5322 §3.6.6
  EXPECT_EQ(addresses(recipients_of("To: a@x\r\nResent-Cc: b@x\r\nresent-bcc: c@x\r\n").mailboxes),
            "b@x c@x ");
}

TEST(RecipientsOf, KeepsUnqualifiedOnes) {
  const auto found = recipients_of("To: root\r\n");
  ASSERT_EQ(found.mailboxes.size(), 1U);
  EXPECT_EQ(found.mailboxes[0].local_part, "root");
  EXPECT_EQ(found.mailboxes[0].domain, "");
  EXPECT_TRUE(recipients_of("To: undisclosed-recipients:;\r\n").mailboxes.empty());
}

struct AuthorsCase {
  const char* name;
  std::string_view header;
  std::string_view want;  ///< Addresses, or "!" and the start of the error.
};
class Authors : public testing::TestWithParam<AuthorsCase> {};

TEST_P(Authors, AreFoundOrSaidToBeUnusable) {
  const auto found = authors(GetParam().header);
  const std::string got = found ? addresses(*found) : '!' + found.error().text();
  if (GetParam().want.starts_with('!'))
    EXPECT_TRUE(got.starts_with(GetParam().want)) << got;
  else
    EXPECT_EQ(got, GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc5322Section362, Authors,
    testing::Values(AuthorsCase{"one", "From: Ann <ann@x.example>\r\n", "ann@x.example "},
                    AuthorsCase{"two", "From: a@x, b@y\r\nSender: a@x\r\n", "a@x b@y "},
                    AuthorsCase{"none", "To: a@x\r\n", ""},
                    AuthorsCase{"twice", "From: a@x\r\nFROM: b@x\r\n", "!the message has several"},
                    AuthorsCase{"empty", "From:\r\n", "!the From field"},
                    AuthorsCase{"words", "From: somebody or other\r\n", "!the From field"},
                    AuthorsCase{"no_domain", "From: root\r\n", "!the From field"},
                    AuthorsCase{"no_local_part", "From: <@x>\r\n", "!the From field"}),
    [](const auto& test) { return std::string(test.param.name); });

struct FromCase {
  const char* name;
  std::string_view display;
  std::string_view want;
};
class FromBody : public testing::TestWithParam<FromCase> {};

TEST_P(FromBody, ReadsBackAsItsName) {
  const std::string body = from_body(GetParam().display, "a@x");
  EXPECT_EQ(body, GetParam().want);
  EXPECT_EQ(parse_address_list(body).mailboxes().size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc5322Section34, FromBody,
    testing::Values(FromCase{"none", "", "a@x"},
                    FromCase{"plain", "Ann Example", "Ann Example <a@x>"},
                    FromCase{"comma", "Example, \"Ann\"", "\"Example, \\\"Ann\\\"\" <a@x>"},
                    FromCase{"utf8", "J\xC3\xB6rg", "=?utf-8?B?SsO2cmc=?= <a@x>"},
                    FromCase{"word_alike", "=?x", "=?utf-8?B?PT94?= <a@x>"},
                    FromCase{"injection", "Ann\r\nBcc: b@x", "\"Ann  Bcc: b@x\" <a@x>"},
                    FromCase{"no_utf8", "a\xFF", "a? <a@x>"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(FromBody, FoldsLongNamesIntoShortWords) {
  std::string name;
  for (int i = 0; i < 100; ++i) name += "\xC3\xA4\xE2\x82\xAC";
  const std::string body = from_body(name, "a@x");
  EXPECT_EQ(parse_address_list(body).mailboxes().at(0).name, name);
  for (std::size_t at = 0; at < body.size(); at = body.find('\n', at) + 1) {
    EXPECT_LE(std::min(body.find('\n', at), body.size()) - at, 78U);
    if (body.find('\n', at) == std::string::npos) break;
  }
}

}  // namespace
}  // namespace veredus::mime
