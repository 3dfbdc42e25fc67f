#include "mail/notice/reason.h"

#include <array>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mail/notice/reason_texts.h"

namespace veredus::notice {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const Reasons& built_in() {
  static const Reasons reasons = *Reasons::make({});
  return reasons;
}

struct ReplyCase {
  std::string_view reply;
  std::string_view want;
};
class Classify : public ::testing::TestWithParam<ReplyCase> {};

TEST_P(Classify, NamesTheReason) {
  EXPECT_EQ(name(built_in().classify(GetParam().reply).reason), GetParam().want)
      << GetParam().reply;
}

constexpr std::array kMailboxUnknown{

    ReplyCase{"550 5.1.1 No such user", "mailbox_unknown"},
    ReplyCase{"550-5.1.1 The email account that you tried to reach does not exist. Please try "
              "double-checking the recipient's email address for typos or unnecessary spaces. "
              "For more information, go to https://support.google.com/mail/?p=NoSuchUser "
              "a1-20020a05 - gsmtp",
              "mailbox_unknown"},
    ReplyCase{"550 5.1.1 <kim@example.org>: Recipient address rejected: User unknown in local "
              "recipient table",
              "mailbox_unknown"},
    ReplyCase{"550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address "
              "lookup",
              "mailbox_unknown"},
    ReplyCase{"550 5.4.1 Recipient address rejected: Access denied. "
              "[AM4PEPF00027A62.eurprd04.prod.outlook.com]",
              "mailbox_unknown"},
    ReplyCase{"550 Requested action not taken: mailbox unavailable", "mailbox_unknown"},
    ReplyCase{"550 Unrouteable address", "mailbox_unknown"},
    ReplyCase{"554 delivery error: dd This user doesn't have a yahoo.com account "
              "(kim@yahoo.com) [0] - mta1234.mail.bf1.yahoo.com",
              "mailbox_unknown"},
    ReplyCase{"550 5.1.1 User doesn't exist: kim@example.org", "mailbox_unknown"},
    ReplyCase{"511 sorry, no mailbox here by that name (#5.1.1 - chkuser)", "mailbox_unknown"},
    ReplyCase{"553 5.3.0 <kim@example.org>... No such user here", "mailbox_unknown"},
    ReplyCase{"550 unknown user <spam.quota@example.org>", "mailbox_unknown"},
    ReplyCase{"5.1.1 Mailbox kim does not exist here", "mailbox_unknown"},
    ReplyCase{"550 Invalid recipient <kim@example.org> (#5.1.1)", "mailbox_unknown"}};
INSTANTIATE_TEST_SUITE_P(MailboxUnknown, Classify, ::testing::ValuesIn(kMailboxUnknown));

constexpr std::array kMailboxFull{

    ReplyCase{"552 5.2.2 The email account that you tried to reach is over quota.", "mailbox_full"},
    ReplyCase{"452-4.2.2 The recipient's inbox is out of storage space and inactive. Please "
              "direct the recipient to https://support.google.com/mail/?p=OverQuotaTemp",
              "mailbox_full"},
    ReplyCase{"452 4.2.2 <kim@example.org> Quota exceeded (mailbox for user is full)",
              "mailbox_full"},
    ReplyCase{"554 5.2.2 mailbox full;STOREDRV.Deliver.Exception:QuotaExceededException.",
              "mailbox_full"},
    ReplyCase{"552 Requested mail action aborted: exceeded storage allocation", "mailbox_full"},
    ReplyCase{"450 4.2.0 kim's mailbox is currently full, try again", "mailbox_full"},
    ReplyCase{"552 5.1.1 sorry, mailbox is over quota temporarily", "mailbox_unknown"},
    ReplyCase{"552 sorry, mailbox is over quota temporarily (#5.1.1)", "mailbox_full"}};
INSTANTIATE_TEST_SUITE_P(MailboxFull, Classify, ::testing::ValuesIn(kMailboxFull));

constexpr std::array kMailboxDisabled{

    ReplyCase{"550 5.2.1 The email account that you tried to reach is disabled. Learn more at "
              "https://support.google.com/mail/?p=DisabledUser - gsmtp",
              "mailbox_disabled"},
    ReplyCase{"554 30 Sorry, your message to kim@aol.com cannot be delivered. This mailbox is "
              "disabled (554.30).",
              "mailbox_disabled"},
    ReplyCase{"550 5.1.6 Recipient no longer on server", "mailbox_disabled"},
    ReplyCase{"551 User not local; please try <kim@example.net>", "mailbox_disabled"},
    ReplyCase{"550 5.7.17 Mailbox owner has changed", "mailbox_disabled"},
    ReplyCase{"550 This account has been suspended", "mailbox_disabled"},
    ReplyCase{"550 5.2.1 Mailbox is inactive", "mailbox_disabled"}};
INSTANTIATE_TEST_SUITE_P(MailboxDisabled, Classify, ::testing::ValuesIn(kMailboxDisabled));

constexpr std::array kRefusedByPolicy{

    ReplyCase{"550 5.7.1 Message contains spam or virus.", "refused_by_policy"},
    ReplyCase{"554 5.7.1 Message rejected under suspicion of SPAM; https://ya.cc/1IrBc",
              "refused_by_policy"},
    ReplyCase{"550 5.7.1 This message was classified as SPAM and may not be delivered",
              "refused_by_policy"},
    ReplyCase{"552 5.7.0 This message was blocked because its content presents a potential "
              "security issue. Please visit https://support.google.com/mail/?p=BlockedMessage",
              "refused_by_policy"},
    ReplyCase{"554 Message not allowed - [PH01] Email not accepted for policy reasons.",
              "refused_by_policy"},
    ReplyCase{"550 5.7.0 Virus detected: Eicar-Test-Signature", "refused_by_policy"},
    ReplyCase{"550 5.2.0 Mail rejete. Mail rejected. OFR_506 [506]", "refused_by_policy"},
    ReplyCase{"554 5.6.0 Message content rejected", "refused_by_policy"},
    ReplyCase{"550 5.7.1 Delivery not allowed by policy", "refused_by_policy"},
    ReplyCase{"550 5.7.1", "refused_by_policy"}};
INSTANTIATE_TEST_SUITE_P(RefusedByPolicy, Classify, ::testing::ValuesIn(kRefusedByPolicy));

constexpr std::array kBlockedReputation{

    ReplyCase{"554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using "
              "zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.1",
              "blocked_reputation"},
    ReplyCase{"550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact "
              "your Internet service provider since part of their network is on our block list "
              "(S3140).",
              "blocked_reputation"},
    ReplyCase{"550 5.7.606 Access denied, banned sending IP [192.0.2.1]", "blocked_reputation"},
    ReplyCase{"421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to "
              "unexpected volume or user complaints - 4.16.55.1",
              "blocked_reputation"},
    ReplyCase{"554-gmx.net (mxgmx016) Nemesis ESMTP Service not available No SMTP service IP "
              "address is black listed.",
              "dns_fault"},
    ReplyCase{"550 5.7.1 Mail from 192.0.2.1 refused - see https://sorbs.example",
              "blocked_reputation"},
    ReplyCase{"421-4.7.0 This message is suspicious due to the very low reputation of the "
              "sending IP address. gsmtp",
              "blocked_reputation"},
    ReplyCase{"554 Your access to this mail system has been rejected due to the sending MTA's "
              "poor reputation.",
              "blocked_reputation"}};
INSTANTIATE_TEST_SUITE_P(BlockedReputation, Classify, ::testing::ValuesIn(kBlockedReputation));

constexpr std::array kSenderAuthentication{

    ReplyCase{"550-5.7.26 Unauthenticated email from example.jp is not accepted due to "
              "domain's DMARC policy. gsmtp",
              "sender_authentication"},
    ReplyCase{"550 5.7.23 SPF validation failed", "sender_authentication"},
    ReplyCase{"550 5.7.20 No passing DKIM signature found", "sender_authentication"},
    ReplyCase{"550 5.7.515 Access denied, sending domain example.org doesn't meet the "
              "required authentication level.",
              "sender_authentication"},
    ReplyCase{"450 4.1.8 <a@b.invalid>: Sender address rejected: Domain not found",
              "sender_authentication"},
    ReplyCase{"550 5.7.1 Client does not have permissions: no PTR record", "sender_authentication"},
    ReplyCase{"550 5.7.25 The IP address sending this message does not have a PTR record",
              "sender_authentication"},
    ReplyCase{"554 5.7.9 Message not accepted for policy reasons. See "
              "https://postmaster.yahooinc.com/error-codes",
              "authentication_needed"},
    ReplyCase{"550 5.7.1 SPF check: domain does not designate you as permitted sender",
              "sender_authentication"},
    ReplyCase{"550 Sender verify failed: cannot verify sender", "sender_authentication"}};
INSTANTIATE_TEST_SUITE_P(SenderAuthentication, Classify,
                         ::testing::ValuesIn(kSenderAuthentication));

constexpr std::array kRateLimited{

    ReplyCase{"450 4.2.0 <kim@example.org>: Recipient address rejected: Greylisted, see "
              "http://postgrey.schweikert.ch/help/example.org.html",
              "rate_limited"},
    ReplyCase{"451 4.7.1 Greylisting in action, please come back later", "rate_limited"},
    ReplyCase{"421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating "
              "from your IP address. gsmtp",
              "rate_limited"},
    ReplyCase{"421 4.7.0 Too many connections from your host", "rate_limited"},
    ReplyCase{"450 4.2.1 The user you are trying to contact is receiving mail at a rate that "
              "prevents additional messages from being delivered. rate limit",
              "rate_limited"},
    ReplyCase{"452 4.3.2 Connection rate limit exceeded.", "rate_limited"},
    ReplyCase{"450 4.7.1 You've exceeded your sending limit to this domain.", "rate_limited"},
    ReplyCase{"550 5.7.705 Access denied, tenant has exceeded threshold", "rate_limited"}};
INSTANTIATE_TEST_SUITE_P(RateLimited, Classify, ::testing::ValuesIn(kRateLimited));

constexpr std::array kTheMessageItself{

    ReplyCase{"552 5.3.4 Message size exceeds fixed limit", "too_large"},
    ReplyCase{"552 5.2.3 Message exceeds local size limit", "too_large"},
    ReplyCase{"552-5.3.4 Your message exceeded Google's message size limits.", "too_large"},
    ReplyCase{"5.3.4 The message has 60000000 octets and mx.example.org takes 10240000",
              "too_large"},
    ReplyCase{"552 message size exceeds maximum permitted", "too_large"},
    ReplyCase{"452 4.5.3 Too many recipients", "too_many_recipients"},
    ReplyCase{"550 Too many recipients in this message", "too_many_recipients"},
    ReplyCase{"5.6.3 The next hop takes only 7-bit mail and this message is not", "encoding"},
    ReplyCase{"550 5.6.7 Non-ASCII addresses not permitted for that sender/recipient", "encoding"},
    ReplyCase{"554 5.4.6 Too many hops", "mail_loop"},
    ReplyCase{"554 5.4.14 Hop count exceeded - possible mail loop", "mail_loop"},
    ReplyCase{"5.4.6 Mail for example.org comes back to this host", "mail_loop"},
    ReplyCase{"553 5.1.3 The recipient address is not a valid RFC 5321 address. gsmtp",
              "protocol_error"},
    ReplyCase{"501 5.5.4 Syntax error in parameters", "protocol_error"},
    ReplyCase{"503 5.5.1 Bad sequence of commands", "protocol_error"},
    ReplyCase{"555 5.5.2 Syntax error, goodbye. gsmtp", "protocol_error"}};
INSTANTIATE_TEST_SUITE_P(TheMessageItself, Classify, ::testing::ValuesIn(kTheMessageItself));

constexpr std::array kAccess{

    ReplyCase{"530 5.7.0 Must issue a STARTTLS command first", "tls_needed"},
    ReplyCase{"550 5.7.10 Encryption needed", "tls_needed"},
    ReplyCase{"4.7.5 Certificate verification failed (MTA-STS)", "tls_needed"},
    ReplyCase{"5.7.30 REQUIRETLS support required", "tls_needed"},
    ReplyCase{"530 5.7.57 Client not authenticated to send mail.", "authentication_needed"},
    ReplyCase{"554 5.7.1 <kim@example.org>: Relay access denied", "authentication_needed"},
    ReplyCase{"550 5.7.1 Unable to relay", "authentication_needed"},
    ReplyCase{"550 relay not permitted", "authentication_needed"},
    ReplyCase{"553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
              "authentication_needed"},
    ReplyCase{"550 5.7.64 TenantAttribution; Relay Access Denied", "authentication_needed"},
    ReplyCase{"535 5.7.8 Authentication credentials invalid", "authentication_needed"}};
INSTANTIATE_TEST_SUITE_P(Access, Classify, ::testing::ValuesIn(kAccess));

constexpr std::array kTheWay{

    ReplyCase{"5.1.2 Domain nowhere.example does not exist", "dns_fault"},
    ReplyCase{"5.1.10 Domain example.org accepts no mail (null MX, RFC 7505)", "dns_fault"},
    ReplyCase{"556 5.1.10 Recipient address has null MX", "dns_fault"},
    ReplyCase{"5.4.4 No MX record of example.org names a host", "dns_fault"},
    ReplyCase{"4.4.3 The name servers of example.org do not answer: SERVFAIL", "dns_fault"},
    ReplyCase{"expired after 5 days: 4.4.3 No answer from DNS", "dns_fault"},
    ReplyCase{"550 5.4.310 DNS domain example.org does not exist", "dns_fault"},
    ReplyCase{"4.4.1 Connection refused", "host_unreachable"},
    ReplyCase{"4.4.1 mx.example.org [192.0.2.1]: No route to host", "host_unreachable"},
    ReplyCase{"expired after 5 days: 4.4.1 Connection timed out", "connection_lost"},
    ReplyCase{"4.4.2 Connection lost while waiting for the reply to DATA", "connection_lost"},
    ReplyCase{"421 4.4.2 mx.example.org Error: timeout exceeded", "connection_lost"},
    ReplyCase{"421 4.3.2 Service shutting down", "remote_trouble"},
    ReplyCase{"451 4.3.0 Temporary server error. Please try again later. PRX4", "remote_trouble"},
    ReplyCase{"451 4.3.5 Server configuration problem", "remote_trouble"},
    ReplyCase{"450 4.3.0 Internal error. Refer to server log for more information.",
              "remote_trouble"},
    ReplyCase{"451 Requested action aborted: local error in processing", "remote_trouble"},
    ReplyCase{"expired after 5 days: 451 4.7.1 Greylisted", "rate_limited"},
    ReplyCase{"expired after 5 days", "expired"},
    ReplyCase{"4.4.7 Queue time", "expired"},
    ReplyCase{"", "unknown"},
    ReplyCase{"599 Nyaan", "unknown"}};
INSTANTIATE_TEST_SUITE_P(TheWay, Classify, ::testing::ValuesIn(kTheWay));

TEST(ReasonTable, HasAllClassesWithWordsForPeople) {
  std::set<std::string_view> names;
  for (const ReasonText& text : kReasonTexts) {
    EXPECT_TRUE(names.insert(text.name).second) << text.name;
    EXPECT_EQ(parse_reason_class(text.name), text.reason);
    EXPECT_EQ(name(text.reason), text.name);
    EXPECT_TRUE(text.cause.ends_with('.')) << text.name;
    EXPECT_TRUE(text.remedy.ends_with('.')) << text.name;
  }
  EXPECT_EQ(parse_reason_class("nonsense"), std::nullopt);
}

TEST(TakeApart, FindsCodeStatusAndExpiry) {
  const ReplyParts remote = take_apart("expired after 5 days: 451 4.7.1 Greylisted");
  EXPECT_EQ(remote.expiry, "expired after 5 days");
  EXPECT_EQ(remote.said, "451 4.7.1 Greylisted");
  EXPECT_EQ(remote.code, 451);
  EXPECT_EQ(remote.status.value().text(), "4.7.1");
  EXPECT_EQ(remote.text, "Greylisted");

  const ReplyParts own = take_apart("5.1.2 Domain x does not exist");
  EXPECT_EQ(own.code, std::nullopt);
  EXPECT_EQ(own.status.value().text(), "5.1.2");
  EXPECT_EQ(own.text, "Domain x does not exist");

  EXPECT_EQ(take_apart("550").code, 550);
  EXPECT_EQ(take_apart("550-5.1.1 gone").status.value().text(), "5.1.1");
  EXPECT_EQ(take_apart("5.1.1.1 hosts").status, std::nullopt);
  EXPECT_EQ(take_apart("1250 of them").code, std::nullopt);
  EXPECT_EQ(take_apart("expired").said, "");
}

TEST(Rules, ComeBeforeTheBuiltInOnes) {
  const Reasons reasons = *Reasons::make({
      {.pattern = "kein konto", .reason = "mailbox_unknown"},
      {.pattern = "^550 5\\.1\\.1", .reason = "mailbox_full", .cause = "Cause.", .remedy = "Do."},
  });
  EXPECT_EQ(reasons.classify("550 KEIN KONTO").reason, ReasonClass::mailbox_unknown);
  const Reason own = reasons.classify("550 5.1.1 No such user");
  EXPECT_EQ(own.reason, ReasonClass::mailbox_full);
  EXPECT_EQ(own.cause, "Cause.");
  EXPECT_EQ(own.remedy, "Do.");
  EXPECT_EQ(reasons.classify("552 5.2.2 full").reason, ReasonClass::mailbox_full);
}

TEST(Rules, EveryBadOneIsNamed) {
  const auto bad = Reasons::make({{.pattern = "(", .reason = "expired"},
                                  {.pattern = "", .reason = "expired"},
                                  {.pattern = "x", .reason = "no\nsense"}},
                                 "notices.reasons");
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().text(), HasSubstr("notices.reasons (: pattern: is no RE2 pattern"));
  EXPECT_THAT(bad.error().text(), HasSubstr("notices.reasons : pattern: must have"));
  EXPECT_THAT(bad.error().text(), HasSubstr("notices.reasons x: class: must be"));
  EXPECT_THAT(bad.error().text(), HasSubstr("no\\x0Asense"));
}

TEST(ClassifyText, TakesHostileReplies) {
  std::string hostile;
  for (int i = 0; i < 100'000; ++i) hostile += "mailbox user address ";
  EXPECT_THAT(name(built_in().classify(hostile).reason), StartsWith("unknown"));
  EXPECT_EQ(built_in().classify(std::string(5000, '\xff')).reason, ReasonClass::unknown);
}

}  // namespace
}  // namespace veredus::notice
