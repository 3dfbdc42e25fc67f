#include "wire/dsn/bounce.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

namespace veredus::dsn {
namespace {

constexpr std::string_view kReport =
    "From: MAILER-DAEMON@mx.example.org\n"
    "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n"
    "\n"
    "--b\nContent-Type: text/plain\n\nSorry.\n"
    "--b\nContent-Type: message/delivery-status\n\n"
    "Reporting-MTA: dns; mx.example.org\n\n"
    "Original-Recipient: rfc822;kim@example.org\n"
    "Final-Recipient: rfc822; kim@example.net\nAction: failed\n"
    "Remote-MTA: dns; mx.example.net\nDiagnostic-Code: smtp; 550 5.1.1 No such user\n"
    "--b\nContent-Type: message/rfc822\n\nMessage-ID: <m@client.example>\n\nHello\n"
    "--b--\n";

TEST(ReadBounce, OfRfc3464) {
  const Bounce bounce = read_bounce(kReport);
  EXPECT_EQ(bounce.kind, MailKind::report);
  EXPECT_EQ(bounce.form, "rfc3464");
  EXPECT_EQ(bounce.original_message_id, "m@client.example");
  ASSERT_EQ(bounce.recipients.size(), 1U);
  const BouncedRecipient& kim = bounce.recipients.front();
  EXPECT_EQ(kim.address, "kim@example.net");
  EXPECT_EQ(kim.original_address, "kim@example.org");
  EXPECT_EQ(kim.action, Action::failed);
  EXPECT_EQ(kim.status.value().text(), "5.1.1");
  EXPECT_EQ(kim.diagnostic, "550 5.1.1 No such user");
  EXPECT_EQ(kim.remote_mta, "mx.example.net");
}

TEST(ReadBounce, OfQmail) {
  const Bounce bounce = read_bounce(
      "From: MAILER-DAEMON@example.org\nTo: ann@example.org\nSubject: failure notice\n\n"
      "Hi. This is the qmail-send program at example.org.\n\n"
      "<kim@example.net>:\n192.0.2.1 does not like recipient.\n"
      "Remote host said: 550 5.1.1 No such user\n\n"
      "<lee@example.net>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n"
      "--- Below this line is a copy of the message.\n\nTo: max@example.net\n");
  EXPECT_EQ(bounce.kind, MailKind::bounce);
  EXPECT_EQ(bounce.form, "qmail");
  ASSERT_EQ(bounce.recipients.size(), 2U);
  EXPECT_EQ(bounce.recipients[0].address, "kim@example.net");
  EXPECT_EQ(bounce.recipients[0].status.value().text(), "5.1.1");
  EXPECT_EQ(bounce.recipients[1].diagnostic, "Sorry, no mailbox here by that name. (#5.1.1)");
  EXPECT_EQ(bounce.recipients[1].action, Action::failed);
}

TEST(ReadBounce, OfAWarning) {
  const Bounce bounce = read_bounce(
      "Return-Path: <>\nX-Failed-Recipients: kim@example.net\nSubject: Warning\n\n"
      "This message was created automatically by mail delivery software.\n"
      "Your message has been delayed, more than one address:\n\n"
      "  kim@example.net\n    host mx: 451 later\n");
  EXPECT_EQ(bounce.form, "exim");
  ASSERT_EQ(bounce.recipients.size(), 1U);
  EXPECT_EQ(bounce.recipients[0].action, Action::delayed);
}

TEST(ReadBounce, OfAComplaint) {
  const Bounce bounce = read_bounce(
      "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n"
      "--b\n\nSpam!\n--b\nContent-Type: message/feedback-report\n\n"
      "Feedback-Type: abuse\nOriginal-Rcpt-To: <kim@example.net>\n"
      "--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <m@c>\n--b--\n");
  EXPECT_EQ(bounce.kind, MailKind::feedback);
  EXPECT_EQ(bounce.feedback_type, "abuse");
  EXPECT_EQ(bounce.recipients.at(0).address, "kim@example.net");
  EXPECT_EQ(bounce.original_message_id, "m@c");
}

TEST(ReadBounce, OfAutoReplies) {  // RFC 3834
  for (const char* field : {"Auto-Submitted: auto-replied (vacation)", "Precedence: auto_reply",
                            "X-Autoreply: yes", "Subject: Out of Office: Lunch"})
    EXPECT_EQ(read_bounce(std::string(field) + "\n\nI am away.\n").kind, MailKind::auto_reply)
        << field;
  EXPECT_EQ(read_bounce("Auto-Submitted: no\nPrecedence: list\n\nHello\n").kind, MailKind::none);
}

TEST(ReadBounce, PeopleMayQuoteBounces) {
  const Bounce bounce = read_bounce(
      "From: Ann <ann@example.org>\nReturn-Path: <ann@example.org>\nSubject: What is this?\n\n"
      "> Hi. This is the qmail-send program at example.org.\n> <kim@example.net>:\n> 550 no\n");
  EXPECT_EQ(bounce.kind, MailKind::none);
  EXPECT_TRUE(bounce.recipients.empty());
}

TEST(ReadBounce, WorksInLinearTime) {
  std::string hostile = "Return-Path: <>\nSubject: failure notice\n\n";
  while (hostile.size() < 2'000'000) hostile += "<a" + std::to_string(hostile.size()) + "@b>:\n@@";
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_LE(read_bounce(hostile).recipients.size(), 200U);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

}  // namespace
}  // namespace veredus::dsn
