#include "wire/smtp/dialogue.h"

#include <ranges>
#include <string>

#include <gtest/gtest.h>

namespace veredus::smtp {
namespace {

constexpr ExtensionSet kOffered{Extension::starttls, Extension::auth, Extension::chunking};

/// Plays words in order, as if every allowed command succeeded; returns "ok" or the code of each.
/// "TLS" and "LOGIN" are events, "BDAT" a chunk that is not the last, "LAST" the last one.
std::string play(DialogueConfig config, std::string_view script) {
  Dialogue dialogue(config);
  std::string out;
  for (const auto part : script | std::views::split(' ')) {
    const std::string_view word(part.begin(), part.end());
    if (word == "TLS") {
      dialogue.tls_started();
      continue;
    }
    if (word == "LOGIN") {
      dialogue.authenticated();
      continue;
    }
    const Verb verb = word == "LAST" ? Verb::bdat : parse_command(word).verb;
    const auto refusal = dialogue.refuse(verb);
    out += out.empty() ? "" : " ";
    out += refusal ? std::to_string(refusal->code()) : "ok";
    if (refusal) continue;
    if (verb == Verb::ehlo || verb == Verb::helo || verb == Verb::lhlo) dialogue.greeted();
    if (verb == Verb::mail) dialogue.mail_accepted();
    if (verb == Verb::rcpt) dialogue.recipient_accepted();
    if (word == "BDAT") dialogue.chunk_accepted();
    if (word == "LAST" || verb == Verb::data || verb == Verb::rset) dialogue.transaction_ended();
  }
  return out;
}

struct Case {
  const char* name;
  const char* script;
  const char* want;
};
class Order : public testing::TestWithParam<Case> {};

TEST_P(Order, IsKept) {
  EXPECT_EQ(play({.announced = kOffered}, GetParam().script), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc5321Section414, Order,
    testing::Values(
        Case{"usual", "EHLO MAIL RCPT RCPT DATA QUIT", "ok ok ok ok ok ok"},
        Case{"two_messages", "EHLO MAIL RCPT DATA MAIL RCPT DATA", "ok ok ok ok ok ok ok"},
        Case{"no_greeting", "MAIL RCPT DATA VRFY NOOP RSET HELP QUIT",
             "503 503 503 ok ok ok ok ok"},
        Case{"rset_before_greeting_is_no_greeting", "RSET MAIL", "ok 503"},
        Case{"nested_mail", "EHLO MAIL MAIL RCPT MAIL", "ok ok 503 ok 503"},
        Case{"data_without_recipient", "EHLO DATA MAIL DATA", "ok 503 ok 503"},
        Case{"rset_ends", "EHLO MAIL RCPT RSET RCPT DATA MAIL", "ok ok ok ok 503 503 ok"},
        Case{"ehlo_ends", "EHLO MAIL RCPT EHLO RCPT MAIL", "ok ok ok ok 503 ok"},
        Case{"rcpt_first", "EHLO RCPT", "ok 503"},
        Case{"chunks", "EHLO MAIL BDAT RCPT BDAT DATA RCPT MAIL BDAT LAST MAIL",
             "ok ok 503 ok ok 503 503 503 ok ok ok"},
        Case{"starttls_in_transaction", "EHLO MAIL STARTTLS", "ok ok 503"},
        Case{"starttls_before_greeting", "STARTTLS", "503"},
        Case{"starttls_forgets", "EHLO STARTTLS TLS MAIL EHLO MAIL", "ok ok 503 ok ok"},
        Case{"starttls_twice", "EHLO STARTTLS TLS EHLO STARTTLS", "ok ok ok 503"},
        Case{"auth_twice", "EHLO AUTH LOGIN AUTH", "ok ok 503"},
        Case{"auth_in_transaction", "EHLO MAIL AUTH", "ok ok 503"},
        Case{"lhlo_in_smtp", "LHLO MAIL", "500 503"}, Case{"not_offered", "EHLO ETRN", "ok 502"},
        Case{"unknown", "XYZZY", "500"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Order, Lmtp) {  // RFC 2033 §4.1
  EXPECT_EQ(play({.protocol = Protocol::lmtp}, "EHLO HELO MAIL LHLO MAIL RCPT DATA"),
            "500 500 503 ok ok ok ok");
}

TEST(Order, TlsRequired) {  // RFC 3207 §4
  EXPECT_EQ(play({.tls_required = true, .announced = kOffered},
                 "EHLO MAIL AUTH VRFY NOOP RSET STARTTLS TLS EHLO MAIL"),
            "ok 530 530 530 ok ok ok ok ok");
}

TEST(Order, RefusalsAreInTheCommandsClassAndSayWhatToDo) {
  Dialogue dialogue({.announced = kOffered});
  EXPECT_EQ(dialogue.refuse(Verb::mail)->render(), "503 5.5.1 Say EHLO first\r\n");
  dialogue.greeted();
  EXPECT_EQ(dialogue.refuse(Verb::rcpt)->render(), "503 5.5.1 Send MAIL first\r\n");
  dialogue.mail_accepted();
  EXPECT_TRUE(dialogue.in_transaction());
  EXPECT_EQ(dialogue.refuse(Verb::data)->render(),
            "503 5.5.1 Send RCPT first; no recipient has been accepted\r\n");
}

TEST(Rules, EveryVerbHasOne) {
  for (int i = static_cast<int>(Verb::unknown) + 1; i <= static_cast<int>(Verb::etrn); ++i)
    EXPECT_NE(find_rule(static_cast<Verb>(i)), nullptr) << i;
  EXPECT_EQ(find_rule(Verb::unknown), nullptr);
  EXPECT_TRUE(find_rule(Verb::data)->ends_group && !find_rule(Verb::rcpt)->ends_group);
}

}  // namespace
}  // namespace veredus::smtp
