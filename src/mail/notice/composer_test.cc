#include "mail/notice/composer.h"

#include <chrono>
#include <random>
#include <ranges>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mail/notice/composer_test_support.h"
#include "mail/notice/text_part.h"
#include "wire/dsn/report.h"

namespace veredus::notice {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(Composer, TellsOfAFailure) {
  Case c;
  c.envelope.envid = "QQ314159";
  c.envelope.origin.helo = "client.example";
  c.recipient().orcpt = smtp::OriginalRecipient{"rfc822", "Kim@Example.net"};
  const auto notice = c.compose();
  ASSERT_TRUE(notice);
  expect_sound(*notice, 1);
  EXPECT_EQ(notice->envelope.recipients.front().address.text(), "ann@client.example");
  EXPECT_EQ(notice->envelope.id, QueueId{99});
  EXPECT_EQ(notice->envelope.received_at, kNow);

  const std::string message = octets(*notice);
  EXPECT_THAT(message, StartsWith("From: Mail Delivery System <MAILER-DAEMON@mx.example.org>\r\n"
                                  "To: <ann@client.example>\r\n"
                                  "Subject: Undelivered mail: Lunch\r\n"));
  EXPECT_THAT(message, HasSubstr("\r\nAuto-Submitted: auto-replied\r\n"));
  EXPECT_THAT(message, HasSubstr("\r\nIn-Reply-To: <lunch@client.example>\r\n"));
  EXPECT_THAT(message, HasSubstr("\r\nMessage-ID: " + notice->envelope.message_id + "\r\n"));

  const dsn::Report report = report_in(*notice);
  EXPECT_EQ(report.original_envelope_id, "QQ314159");
  EXPECT_EQ(report.received_from_mta, (dsn::Typed{"dns", "client.example"}));
  ASSERT_TRUE(report.arrival_date);
  const dsn::RecipientReport& kim = report.recipients.at(0);
  EXPECT_EQ(kim.original_recipient, (dsn::Typed{"rfc822", "Kim@Example.net"}));
  EXPECT_EQ(kim.final_recipient, (dsn::Typed{"rfc822", "kim@example.net"}));
  EXPECT_EQ(kim.action, dsn::Action::failed);
  EXPECT_EQ(kim.status.value().text(), "5.1.1");
  EXPECT_EQ(kim.remote_mta, (dsn::Typed{"dns", "mx.example.net"}));
  EXPECT_EQ(kim.diagnostic_code, (dsn::Typed{"smtp", "550 5.1.1 No such user"}));
  EXPECT_FALSE(kim.will_retry_until);

  EXPECT_THAT(part_in(*notice, 0),
              AllOf(HasSubstr("<kim@example.net>\r\n"), HasSubstr("There is no mailbox"),
                    HasSubstr("What you can do: Check the address"),
                    HasSubstr("mx.example.net [192.0.2.1] said:\r\n    550 5.1.1 No such user\r\n"),
                    HasSubstr("Subject: Lunch")));
  EXPECT_EQ(part_in(*notice, 2), kOriginal);
}

TEST(Composer, TellsOfADelay) {
  Case c;
  c.kind = queue::NoticeKind::delay;
  c.standing().reply = "4.4.1 Connection refused";
  const auto notice = c.compose();
  ASSERT_TRUE(notice);
  expect_sound(*notice, 1);
  EXPECT_THAT(octets(*notice), HasSubstr("\r\nSubject: Delayed mail: Lunch\r\n"));
  const dsn::RecipientReport kim = report_in(*notice).recipients.at(0);
  EXPECT_EQ(kim.action, dsn::Action::delayed);
  EXPECT_EQ(kim.status.value().text(), "4.4.1");
  EXPECT_EQ(kim.diagnostic_code, (dsn::Typed{"x-veredus", "4.4.1 Connection refused"}));
  ASSERT_TRUE(kim.will_retry_until);
  EXPECT_EQ(kim.will_retry_until->time, kNow + std::chrono::hours(96));
  EXPECT_THAT(part_in(*notice, 0),
              AllOf(HasSubstr("you need not do anything"), HasSubstr("could not be reached"),
                    Not(HasSubstr("What you can do")), HasSubstr("We go on trying until")));
  EXPECT_THAT(part_in(*notice, 2), AllOf(HasSubstr("Subject: Lunch"), Not(HasSubstr("Shall we"))));
}

TEST(Composer, SaysHowLongItTried) {
  Case c;
  c.standing().attempts = 3;
  c.standing().reply = "expired after 5 days: 451 4.7.1 Greylisted";
  const auto notice = c.compose();
  ASSERT_TRUE(notice);
  EXPECT_THAT(part_in(*notice, 0), HasSubstr("We have tried for 5 days and have given up now."));
  EXPECT_EQ(report_in(*notice).recipients.at(0).status.value().text(), "4.7.1");

  c.standing().attempts = 0;
  EXPECT_THAT(part_in(c.compose().value(), 0), HasSubstr("It has waited for its turn for 5 days,"));
  c.standing().reply = "expired after 5 days";
  c.standing().remote = "";
  EXPECT_EQ(report_in(c.compose().value()).recipients.at(0).status.value().text(), "4.4.7");
}

struct StatusCase {
  std::string_view reply;
  std::string_view status;
};
TEST(Composer, ReportsTheStatusThatWasMeant) {
  for (const auto& [reply, status] :
       {StatusCase{"550 gone", "5.0.0"}, StatusCase{"550 2.0.0 odd", "5.0.0"},
        StatusCase{"451 later", "4.0.0"}, StatusCase{"", "5.0.0"},
        StatusCase{"5.1.10 Domain x accepts no mail", "5.1.10"},
        StatusCase{"expired after 2 hours: 451 later", "4.4.7"}}) {
    Case c;
    c.standing().reply = reply;
    EXPECT_EQ(report_in(c.compose().value()).recipients.at(0).status.value().text(), status)
        << reply;
  }
}

TEST(Composer, HeedsNotify) {  // RFC 3461 §4.1
  Case c;
  c.recipient().notify = smtp::Notify{};
  EXPECT_EQ(c.compose().error().fault(), Fault::refused);
  c.recipient().notify = smtp::Notify{.success = true, .delay = true};
  EXPECT_FALSE(c.compose());
  c.kind = queue::NoticeKind::delay;
  EXPECT_TRUE(c.compose());
  c.recipient().notify = smtp::Notify{.failure = true};
  EXPECT_FALSE(c.compose());

  c.kind = queue::NoticeKind::failure;
  c.add("never@example.net", "550 no", "").notify = smtp::Notify{};
  const auto notice = c.compose();
  ASSERT_TRUE(notice);
  expect_sound(*notice, 1);
  EXPECT_THAT(octets(*notice), Not(HasSubstr("never@")));  // RFC 3461 §5.2.8
}

TEST(Composer, HeedsRetAndSize) {  // RFC 3461 §4.3
  Case c;
  c.envelope.ret = smtp::Ret::headers;
  EXPECT_THAT(octets(c.compose().value()),
              AllOf(HasSubstr("text/rfc822-headers"), Not(HasSubstr("Shall we"))));
  c.envelope.ret = smtp::Ret::full;
  EXPECT_THAT(octets(c.compose().value()), HasSubstr("Shall we"));
  c.message += std::string(60'000 - 2, 'x').replace(500, 2, "\r\n") + "\r\n";
  EXPECT_THAT(octets(c.compose().value()), Not(HasSubstr("Shall we")));
  Case d;
  EXPECT_THAT(
      octets(d.compose(composer({.hostname = "mx.example.org", .message_bytes_max = 0})).value()),
      AllOf(HasSubstr("Subject: Lunch"), Not(HasSubstr("Shall we"))));
}

TEST(Composer, NeverReturnsWhatNoTransportCarries) {
  for (const std::string& bad :
       {std::string("a\nb\r\n"), std::string("a\rb\r\n"), std::string("a\0b\r\n", 5),
        std::string(2000, 'x') + "\r\n", std::string("no end")}) {
    Case c;
    c.message += bad;
    const auto notice = c.compose();
    ASSERT_TRUE(notice);
    expect_sound(*notice, 1);
    EXPECT_THAT(octets(*notice), HasSubstr("text/rfc822-headers"));
  }
  Case c;
  c.message = "X: " + std::string(5000, 'x') + "\nY: a\rb\nSubject: z\n\nbody";
  expect_sound(c.compose().value(), 1);
}

TEST(Composer, NeverAnswersTheNullSender) {  // RFC 5321 §4.5.5
  Case c;
  c.envelope.sender = {};
  EXPECT_EQ(c.compose().error().fault(), Fault::refused);
  const Composer doubling =
      composer({.hostname = "mx.example.org", .double_bounce_to = "post@example.org"});
  c.kind = queue::NoticeKind::delay;
  EXPECT_FALSE(c.compose(doubling));
  c.kind = queue::NoticeKind::failure;
  const auto notice = c.compose(doubling);
  ASSERT_TRUE(notice);
  expect_sound(*notice, 1);
  EXPECT_EQ(notice->envelope.recipients.front().address.text(), "post@example.org");

  // And when that one fails, whatever its address became on the way, it ends.
  Case second;
  second.envelope = notice->envelope;
  EXPECT_FALSE(second.compose(doubling));
  second.recipient().address = address("person@elsewhere.example");
  EXPECT_FALSE(second.compose(doubling));
  second.recipient().notify = std::nullopt;
  second.recipient().original = "Post@Example.org";
  EXPECT_FALSE(second.compose(doubling));
}

TEST(Composer, NeverAnswersADoubleBounceOfAnotherServer) {
  Case first;
  first.envelope.sender = {};
  const auto notice =
      first.compose(composer({.hostname = "there.example", .double_bounce_to = "way@example.org"}));
  ASSERT_TRUE(notice);

  Case relayed;  // It came by SMTP: only its octets say what it is.
  relayed.envelope.sender = {};
  relayed.message = octets(*notice);
  const Composer here =
      composer({.hostname = "mx.example.org", .double_bounce_to = "way@there.example"});
  EXPECT_EQ(relayed.compose(here).error().fault(), Fault::refused);
}

TEST(Composer, NamesTheRemoteServerAsDnsDoes) {  // RFC 3461 §9.3
  for (const auto& [remote, name] : std::initializer_list<std::pair<const char*, const char*>>{
           {"mx.example.net [192.0.2.1]", "mx.example.net"},
           {"mx.example.net [[2001:db8::1]:25]", "mx.example.net"},
           {"127.0.0.1 [127.0.0.1:2525]", "[127.0.0.1]"},
           {"127.0.0.1:24", "[127.0.0.1]"},
           {"[2001:db8::1]:24", "[IPv6:2001:db8::1]"},
           {"2001:db8::1", "[IPv6:2001:db8::1]"},
           {"lmtp.example.net:24", "lmtp.example.net"}}) {
    Case c;
    c.standing().remote = remote;
    EXPECT_EQ(report_in(c.compose().value()).recipients.at(0).remote_mta.value().text, name);
  }
  Case local;
  local.standing().remote = "/run/dovecot/lmtp";
  EXPECT_FALSE(report_in(local.compose().value()).recipients.at(0).remote_mta);
}

TEST(Composer, NeverAnswersANoticeOfItsOwn) {
  Case c;
  c.envelope.origin.protocol = "notice";
  EXPECT_EQ(c.compose().error().fault(), Fault::refused);
}

TEST(Composer, KeepsAnAliasToItself) {  // RFC 3464 §4.2
  Case c;
  c.recipient().original = "sales@example.org";
  c.standing().reply = "550 5.1.1 <Kim@Example.Net>: no such user kim@example.net";
  const auto notice = c.compose();
  ASSERT_TRUE(notice);
  EXPECT_THAT(ascii_lower(octets(*notice)),
              AllOf(Not(HasSubstr("kim@")), Not(HasSubstr("mx.example.net"))));
  const dsn::RecipientReport sales = report_in(*notice).recipients.at(0);
  EXPECT_EQ(sales.final_recipient.text, "sales@example.org");
  EXPECT_EQ(sales.diagnostic_code.value().text,
            "550 5.1.1 <sales@example.org>: no such user sales@example.org");
  EXPECT_FALSE(sales.remote_mta);
}

TEST(Composer, GroupsWhatIsTheSame) {
  Case c;
  c.add("lee@example.net", "550 5.1.1 No such user", "mx.example.net [192.0.2.1]");
  c.add("max@example.net", "552 5.2.2 Full", "mx.example.net [192.0.2.1]");
  const auto notice = c.compose();
  ASSERT_TRUE(notice);
  expect_sound(*notice, 3);
  EXPECT_THAT(part_in(*notice, 0),
              HasSubstr("    <kim@example.net>\r\n    <lee@example.net>\r\n\r\n"));
}

TEST(Composer, CarriesInternationalMail) {  // RFC 6533
  Case c;
  c.envelope.utf8 = true;
  c.envelope.sender = smtp::ReversePath(address("änn@client.example"));
  c.recipient().address = address("kïm@example.net");
  c.recipient().orcpt = smtp::OriginalRecipient{"utf-8", "k\\x{EF}m@example.net"};
  c.standing().reply = "550 5.1.1 Kein Postfach für kïm";
  c.message =
      "Subject: Grüße aus Köln, heute einmal etwas länger als sonst üblich\r\n\r\nHallo\r\n";
  const auto notice = c.compose();
  ASSERT_TRUE(notice);
  expect_sound(*notice, 1);
  EXPECT_TRUE(notice->envelope.utf8);
  const dsn::RecipientReport kim = report_in(*notice).recipients.at(0);
  EXPECT_EQ(kim.original_recipient, (dsn::Typed{"utf-8", "kïm@example.net"}));
  EXPECT_EQ(kim.final_recipient, (dsn::Typed{"utf-8", "kïm@example.net"}));
  EXPECT_THAT(part_in(*notice, 0), HasSubstr("Kein Postfach für kïm"));
  EXPECT_THAT(octets(*notice), AllOf(HasSubstr("Content-Type: message/global\r\n"),
                                     HasSubstr("Subject: Undelivered mail:\r\n =?UTF-8?B?"),
                                     HasSubstr("Content-Transfer-Encoding: 8bit\r\n")));

  Case plain;
  plain.recipient().address = address("kïm@example.net");
  EXPECT_FALSE(plain.compose().value().envelope.utf8) << "the sender's server may not know it";
}

TEST(Composer, NoTextLeavesItsPlace) {
  const std::string attack =
      "550 x\r\nBcc: all@example.org\r\n\r\n--=_0000000000023_0\r\n\r\n.\r\n"
      "Final-Recipient: rfc822; evil@example.org\r\nAction: delivered\n\nAction: relayed\x1b[2J";
  Case c;
  c.standing().reply = attack;
  c.standing().remote = "mx\r\nBcc: a@b [192.0.2.1]\r\n";
  c.envelope.origin.helo = "h\r\nAction: delivered";
  c.envelope.envid = "e\r\n\r\nFinal-Recipient: rfc822; evil@example.org";
  c.recipient().orcpt = smtp::OriginalRecipient{"rfc822\r\nX: y", "a\r\n\r\nAction: delivered"};
  c.message =
      "Subject: a\rBcc: b\r\n\tc =?utf-8?q?d=0D=0ABcc:_e=E2=80=AE?=\r\n"
      "Message-ID: <a\rb@c>\r\n\r\nx\r\n";
  const auto notice = c.compose();
  ASSERT_TRUE(notice);
  expect_sound(*notice, 1);
  EXPECT_EQ(report_in(*notice).recipients.at(0).action, dsn::Action::failed);
  const std::string message = octets(*notice);
  EXPECT_THAT(message, AllOf(Not(HasSubstr("\nBcc")), Not(HasSubstr("\nAction: delivered")),
                             Not(HasSubstr("\x1b")), Not(HasSubstr("\u202E"))));
}

TEST(Composer, ABoundaryIsNeverInWhatItSeparates) {
  Case c;
  const std::string first = octets(c.compose().value());
  const std::size_t at = first.find("boundary=\"") + 10;
  const std::string boundary = first.substr(at, first.find('"', at) - at);
  c.message += "--" + boundary + "\r\n--" + boundary + "--\r\n";
  expect_sound(c.compose().value(), 1);
  EXPECT_THAT(part_in(c.compose().value(), 2), HasSubstr(boundary));
}

/// Octets that texts are made of when somebody means harm.
std::string random_text(std::mt19937_64& random) {
  constexpr std::string_view kPieces[] = {"\r\n",  "\n",   "\r",     "550 ", "5.1.1 ", " ",
                                          "a@b",   ";",    "\xff",   "ü",    "\u202E", ".",
                                          "--=_",  "<",    "\"",     "\\",   "(",      "=?",
                                          "Bcc: ", "word", "\x1b[m", "\t",   "\x7f",   "rfc822;"};
  std::string out;
  for (auto count = random() % 60; count > 0; --count)
    out += kPieces[random() % std::size(kPieces)];
  if (random() % 20 == 0) out += std::string(random() % 5000, 'w');
  return out;
}

TEST(Composer, AnyTextMakesASoundNotice) {
  const auto seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  const Composer by = composer();
  for (int round = 0; round < 200; ++round) {
    Case c;
    c.kind = random() % 2 == 0 ? queue::NoticeKind::failure : queue::NoticeKind::delay;
    c.standing().reply = random_text(random);
    c.standing().remote = random_text(random);
    c.envelope.origin.helo = random_text(random);
    c.envelope.envid = random_text(random);
    c.recipient().orcpt = smtp::OriginalRecipient{random_text(random), random_text(random)};
    if (random() % 2 == 0) c.recipient().original = "x" + random_text(random);
    c.message = "Subject: " + random_text(random) + "\r\n" + random_text(random);
    const auto notice = c.compose(by);
    ASSERT_TRUE(notice);
    expect_sound(*notice, 1);
    if (HasFailure()) FAIL() << octets(*notice);
  }
}

TEST(Composer, LargeNoticesComeInChunks) {
  Case c;
  for (int i = 0; i < 1000; ++i)
    c.add("user" + std::to_string(i) + "@example.net",
          "550 " + std::to_string(i) + std::string(500, 'x'), "mx.example.net [192.0.2.1]");
  const auto notice = c.compose();
  ASSERT_TRUE(notice);
  EXPECT_GT(notice->chunks.size(), 1U);
  EXPECT_EQ(notice->chunks.front().size(), 256U * 1024U);
  EXPECT_EQ(octets(*notice).size(), notice->envelope.size);
}

TEST(NoticeConfig, NamesEveryBadKey) {
  const auto bad = checked({.hostname = "mx.example.org",
                            .from = "nobody",
                            .double_bounce_to = "x",
                            .message_bytes_max = 1'000'000,
                            .reasons = {{.pattern = "(", .reason = "y"}}});
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().text(),
              AllOf(HasSubstr("notice.from: "), HasSubstr("notice.double_bounce_to: "),
                    HasSubstr("notice.message_bytes_max: "), HasSubstr("reason (: pattern: ")));
  EXPECT_THAT(checked({}).error().text(), StartsWith("notice.hostname: "));
}

}  // namespace
}  // namespace veredus::notice
