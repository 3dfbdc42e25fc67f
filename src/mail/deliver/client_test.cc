// What the client says in every turn that a dialogue can take, and what it makes of the answers.

#include "mail/deliver/client.h"

#include "mail/deliver/deliver_test_support.h"

namespace veredus::deliver {
namespace {

const route::NextHop kSmtp = route::SmtpHost{"203.0.113.1", 25};
const route::NextHop kLmtp = route::Lmtp{io::Endpoint::parse("203.0.113.1:24").value()};

struct DialogueCase {
  const char* name;
  std::string_view script;  ///< What the next hop plays; see ScriptedHop.
  std::string_view want;    ///< Outcomes, as CourierTest::text_of.
  std::string_view text = "Subject: x\r\n\r\nhello\r\n";
};

std::string name_of(const ::testing::TestParamInfo<DialogueCase>& test) { return test.param.name; }

class Dialogue : public CourierTest, public ::testing::WithParamInterface<DialogueCase> {};

TEST_P(Dialogue, GoesAsItShould) {
  const DialogueCase& c = GetParam();
  const bool lmtp = c.script.contains("LHLO");
  hop(lmtp ? "203.0.113.1:24" : "203.0.113.1:25", {std::string(c.script)});
  const queue::Job two = job({"a@x.example", "b@x.example"}, std::string(c.text));
  EXPECT_EQ(attempt(lmtp ? kLmtp : kSmtp, two), c.want);
}

// RFC 5321 §3, RFC 2920 §3.1.
INSTANTIATE_TEST_SUITE_P(
    Smtp, Dialogue,
    ::testing::Values(
        DialogueCase{"pipelined",
                     R"(hello
                        C: MAIL FROM:<al@client.example> SIZE=21
                        C: RCPT TO:<a@x.example>
                        C: RCPT TO:<b@x.example>
                        C: DATA
                        S: 250 ok
                        S: 250 ok
                        S: 250 ok
                        S: 354 go on
                        C: Subject: x
                        C:
                        C: hello
                        C: .
                        S: 250 2.0.0 taken
                        C: QUIT
                        S: 221 bye)",
                     "0 relayed 250 2.0.0 taken | 1 relayed 250 2.0.0 taken"},
        DialogueCase{"stepwise",
                     R"(plain hello
                        C: MAIL FROM:<al@client.example>
                        S: 250 ok
                        C: RCPT TO:<a@x.example>
                        S: 250 ok
                        C: RCPT TO:<b@x.example>
                        S: 550 5.1.1 no b
                        C: DATA
                        S: 354 go on
                        C: Subject: x
                        C:
                        C: hello
                        C: .
                        S: 250 taken
                        C: QUIT
                        S: 221 bye)",
                     "0 relayed 250 taken | 1 failed 550 5.1.1 no b"},
        // Some servers end their replies with LF alone; doubt after the dot would be a second copy.
        DialogueCase{"replies_that_end_with_lf",
                     R"(S~ 220 mx
                        C: EHLO us.example.test
                        S~ 250-mx
                        S~ 250 PIPELINING
                        C: MAIL FROM:<al@client.example>
                        C: RCPT TO:<a@x.example>
                        C: RCPT TO:<b@x.example>
                        C: DATA
                        S~ 250 ok
                        S~ 250 ok
                        S~ 550-5.1.1 no
                        S~ 550 5.1.1 b
                        S~ 354 go on
                        C: Subject: x
                        C:
                        C: hello
                        C: .
                        S~ 250 2.0.0 taken
                        C: QUIT
                        S~ 221 bye)",
                     "0 relayed 250 2.0.0 taken | 1 failed 550 5.1.1 no b"},
        DialogueCase{"helo_where_ehlo_is_not_known",  // RFC 5321 §3.2
                     R"(S: 220 mx
                        C: EHLO us.example.test
                        S: 502 what?
                        C: HELO us.example.test
                        S: 250 mx
                        C: MAIL FROM:<al@client.example>
                        S: 250 ok
                        C: RCPT TO:<a@x.example>
                        S: 250 ok
                        C: RCPT TO:<b@x.example>
                        S: 250 ok
                        C: DATA
                        S: 354 go on
                        C: Subject: x
                        C:
                        C: hello
                        C: .
                        S: 250 taken
                        C: QUIT
                        S: 221 bye)",
                     "0 relayed 250 taken | 1 relayed 250 taken"},
        DialogueCase{"dots_are_doubled",  // RFC 5321 §4.5.2
                     R"(plain hello
                        C: MAIL FROM:*
                        S: 250 ok
                        C: RCPT TO:*
                        S: 250 ok
                        C: RCPT TO:*
                        S: 250 ok
                        C: DATA
                        S: 354 go on
                        C: ..
                        C: ...x
                        C: a.
                        C: .
                        S: 250 taken
                        C: QUIT
                        S: 221 bye)",
                     "0 relayed 250 taken | 1 relayed 250 taken", ".\r\n..x\r\na.\r\n"},
        DialogueCase{"eight_bit_is_announced",  // RFC 6152 §3
                     R"(hello
                        C: MAIL FROM:<al@client.example> SIZE=19 BODY=8BITMIME
                        C: RCPT TO:*
                        C: RCPT TO:*
                        C: DATA
                        S: 250 ok
                        S: 250 ok
                        S: 250 ok
                        S: 354 go on
                        C: Subject: x
                        C:
                        C: )"
                     "\xC3\xBC\xE2\x82\xAC"
                     R"(
                        C: .
                        S: 250 taken
                        C: QUIT
                        S: 221 bye)",
                     "0 relayed 250 taken | 1 relayed 250 taken",
                     "Subject: x\r\n\r\n\xC3\xBC\xE2\x82\xAC"},
        DialogueCase{"eight_bit_is_converted_for_who_lacks_it",
                     R"(plain hello
                        C: MAIL FROM:<al@client.example>
                        S: 250 ok
                        C: RCPT TO:*
                        S: 250 ok
                        C: RCPT TO:*
                        S: 250 ok
                        C: DATA
                        S: 354 go on
                        C: Subject: x
                        C: MIME-Version: 1.0
                        C: Content-Type: text/plain*
                        C: Content-Transfer-Encoding: quoted-printable
                        C:
                        C: =C3=BC
                        C: .
                        S: 250 taken
                        C: QUIT
                        S: 221 bye)",
                     "0 relayed 250 taken | 1 relayed 250 taken", "Subject: x\r\n\r\n\xC3\xBC\r\n"},
        DialogueCase{"eight_bit_data_becomes_base64",
                     R"(plain hello
                        C: MAIL FROM:<al@client.example>
                        S: 250 ok
                        C: RCPT TO:*
                        S: 250 ok
                        C: RCPT TO:*
                        S: 250 ok
                        C: DATA
                        S: 354 go on
                        C: MIME-Version: 1.0
                        C: Content-Type: image/png
                        C: Content-Transfer-Encoding: base64
                        C:
                        C: w7w=*
                        C: .
                        S: 250 taken
                        C: QUIT
                        S: 221 bye)",
                     "0 relayed 250 taken | 1 relayed 250 taken",
                     "MIME-Version: 1.0\r\nContent-Type: image/png\r\n"
                     "Content-Transfer-Encoding: 8bit\r\n\r\n\xC3\xBC"},
        DialogueCase{"what_cannot_be_converted_is_not_sent",
                     R"(plain hello
                        C: QUIT
                        S: 221 bye)",
                     "0 failed 5.6.3 The next hop takes only 7-bit mail and this message cannot be "
                     "converted: "
                     "8-bit characters in a header field, and the next hop takes none | 1 failed "
                     "5.6.3 The next hop "
                     "takes only 7-bit mail and this message cannot be converted: 8-bit characters "
                     "in a header field, "
                     "and the next hop takes none",
                     "Subject: \xC3\xBC\r\n\r\nx\r\n"},
        DialogueCase{"what_is_too_large_is_not_sent",  // RFC 1870 §6.2
                     R"(S: 220 mx
                        C: EHLO us.example.test
                        S: 250-mx
                        S: 250 SIZE 20
                        C: QUIT
                        S: 221 bye)",
                     "0 failed 5.3.4 The message has 21 octets, and the next hop takes at most 20 "
                     "| 1 failed 5.3.4 The message has 21 octets, and the next hop takes at most "
                     "20"}),
    &name_of);

// Refusals: each step answered with 4yz, 5yz, or 421.
INSTANTIATE_TEST_SUITE_P(
    Refusals, Dialogue,
    ::testing::Values(
        DialogueCase{"greeting_4yz", "S: 450 busy\nC: QUIT\nS: 221 bye",
                     "0 deferred! 450 busy | 1 deferred! 450 busy"},
        // RFC 5321 §3.1 lets the server close; nobody was refused, so nobody fails.
        DialogueCase{"greeting_5yz", "S: 554 no service\nC: QUIT\nS: 221 bye",
                     "0 deferred! 554 no service | 1 deferred! 554 no service"},
        DialogueCase{"greeting_421", "S: 421 gone\nclosed",
                     "0 deferred! 421 gone | 1 deferred! 421 gone"},
        DialogueCase{"ehlo_4yz",
                     "S: 220 mx\nC: EHLO us.example.test\nS: 451 no\nC: QUIT\nS: 221 bye",
                     "0 deferred! 451 no | 1 deferred! 451 no"},
        DialogueCase{"helo_5yz",
                     "S: 220 mx\nC: EHLO *\nS: 500 what\nC: HELO *\nS: 550 not you\nC: QUIT\n"
                     "S: 221 bye",
                     "0 deferred! 550 not you | 1 deferred! 550 not you"},
        DialogueCase{"mail_4yz",
                     R"(hello
                        C: MAIL *
                        C: RCPT *
                        C: RCPT *
                        C: DATA
                        S: 451 4.3.0 wait
                        S: 503 order
                        S: 503 order
                        S: 503 order
                        C: RSET
                        S: 250 ok
                        C: QUIT
                        S: 221 bye)",
                     "0 deferred 451 4.3.0 wait | 1 deferred 451 4.3.0 wait"},
        DialogueCase{"mail_5yz_stepwise",
                     R"(plain hello
                        C: MAIL *
                        S: 550 5.7.1 not
                        C: RSET
                        S: 250 ok
                        C: QUIT
                        S: 221 bye)",
                     "0 failed 550 5.7.1 not | 1 failed 550 5.7.1 not"},
        DialogueCase{"each_recipient_by_itself",  // RFC 5321 §4.5.3.1.10: 552 is "too many"
                     R"(hello
                        C: MAIL *
                        C: RCPT *
                        C: RCPT *
                        C: DATA
                        S: 250 ok
                        S: 552 too many
                        S: 550-5.1.1 no such
                        S: 550 5.1.1 user
                        S: 503 nobody
                        C: RSET
                        S: 250 ok
                        C: QUIT
                        S: 221 bye)",
                     "0 deferred 552 too many | 1 failed 550 5.1.1 no such user"},
        DialogueCase{"a_message_for_nobody_is_empty",  // RFC 2920 §3.1
                     R"(hello
                        C: MAIL *
                        C: RCPT *
                        C: RCPT *
                        C: DATA
                        S: 250 ok
                        S: 450 no
                        S: 450 no
                        S: 354 go on
                        C: .
                        S: 554 nobody
                        C: RSET
                        S: 250 ok
                        C: QUIT
                        S: 221 bye)",
                     "0 deferred 450 no | 1 deferred 450 no"},
        DialogueCase{"all_refused_stepwise",
                     R"(plain hello
                        C: MAIL *
                        S: 250 ok
                        C: RCPT *
                        S: 550 no
                        C: RCPT *
                        S: 450 later
                        C: RSET
                        S: 250 ok
                        C: QUIT
                        S: 221 bye)",
                     "0 failed 550 no | 1 deferred 450 later"},
        DialogueCase{"data_4yz",
                     R"(hello
                        C: MAIL *
                        C: RCPT *
                        C: RCPT *
                        C: DATA
                        S: 250 ok
                        S: 250 ok
                        S: 550 no
                        S: 451 not now
                        C: RSET
                        S: 250 ok
                        C: QUIT
                        S: 221 bye)",
                     "0 deferred 451 not now | 1 failed 550 no"},
        DialogueCase{"data_250_is_no_promise",
                     R"(plain hello
                        C: MAIL *
                        S: 250 ok
                        C: RCPT *
                        S: 250 ok
                        C: RCPT *
                        S: 250 ok
                        C: DATA
                        S: 250 taken already?
                        C: RSET
                        S: 250 ok
                        C: QUIT
                        S: 221 bye)",
                     "0 deferred 250 taken already? | 1 deferred 250 taken already?"},
        DialogueCase{"final_4yz",
                     "hello\nC: MAIL *\nC: RCPT *\nC: RCPT *\nC: DATA\nS: 250 ok\nS: 250 ok\n"
                     "S: 250 ok\nS: 354 go\nC: Subject: x\nC:\nC: hello\nC: .\nS: 452 full\n"
                     "C: QUIT\nS: 221 bye",
                     "0 deferred 452 full | 1 deferred 452 full"},
        DialogueCase{"final_5yz",
                     "hello\nC: MAIL *\nC: RCPT *\nC: RCPT *\nC: DATA\nS: 250 ok\nS: 250 ok\n"
                     "S: 250 ok\nS: 354 go\nC: Subject: x\nC:\nC: hello\nC: .\nS: 554 5.6.0 bad\n"
                     "C: QUIT\nS: 221 bye",
                     "0 failed 554 5.6.0 bad | 1 failed 554 5.6.0 bad"},
        DialogueCase{"final_354_is_no_promise",
                     "hello\nC: MAIL *\nC: RCPT *\nC: RCPT *\nC: DATA\nS: 250 ok\nS: 250 ok\n"
                     "S: 250 ok\nS: 354 go\nC: Subject: x\nC:\nC: hello\nC: .\nS: 354 more?\n"
                     "C: QUIT\nS: 221 bye",
                     "0 deferred 354 more? | 1 deferred 354 more?"},
        DialogueCase{"final_421",  // RFC 5321 §3.8
                     "hello\nC: MAIL *\nC: RCPT *\nC: RCPT *\nC: DATA\nS: 250 ok\nS: 250 ok\n"
                     "S: 250 ok\nS: 354 go\nC: Subject: x\nC:\nC: hello\nC: .\nS: 421 gone\n"
                     "closed",
                     "0 deferred 421 gone | 1 deferred 421 gone"},
        DialogueCase{"recipient_421",
                     "plain hello\nC: MAIL *\nS: 250 ok\nC: RCPT *\nS: 421 gone\nclosed",
                     "0 deferred 421 gone | 1 deferred 421 gone"},
        DialogueCase{"data_421",
                     "hello\nC: MAIL *\nC: RCPT *\nC: RCPT *\nC: DATA\nS: 250 ok\nS: 550 no\n"
                     "S: 250 ok\nS: 421 gone\nclosed",
                     "0 failed 550 no | 1 deferred 421 gone"},
        DialogueCase{"no_reply_at_all", "S: 220 mx\nC: EHLO *\nS: Welcome!\nclosed",
                     "0 deferred! 4.5.0 Bad reply to EHLO: the peer's reply is not SMTP: Welcome! "
                     "| 1 deferred! 4.5.0 Bad reply to EHLO: the peer's reply is not SMTP: "
                     "Welcome!"}),
    &name_of);

// RFC 2033 §4.2: after the message a reply for each recipient that was accepted, in order.
INSTANTIATE_TEST_SUITE_P(
    Lmtp, Dialogue,
    ::testing::Values(
        DialogueCase{"a_reply_for_each",
                     R"(S: 220 lmtp
                        C: LHLO us.example.test
                        S: 250-lmtp
                        S: 250-PIPELINING
                        S: 250 8BITMIME
                        C: MAIL FROM:<al@client.example>
                        C: RCPT TO:<a@x.example>
                        C: RCPT TO:<b@x.example>
                        C: DATA
                        S: 250 ok
                        S: 250 ok
                        S: 250 ok
                        S: 354 go on
                        C: Subject: x
                        C:
                        C: hello
                        C: .
                        S: 250 2.0.0 stored
                        S: 452 4.2.2 over quota
                        C: QUIT
                        S: 221 bye)",
                     "0 delivered 250 2.0.0 stored | 1 deferred 452 4.2.2 over quota"},
        DialogueCase{"none_for_who_was_refused",
                     R"(S: 220 lmtp
                        C: LHLO us.example.test
                        S: 250 lmtp
                        C: MAIL *
                        S: 250 ok
                        C: RCPT *
                        S: 550 5.1.1 unknown
                        C: RCPT *
                        S: 250 ok
                        C: DATA
                        S: 354 go on
                        C: Subject: x
                        C:
                        C: hello
                        C: .
                        S: 250 stored
                        C: QUIT
                        S: 221 bye)",
                     "0 failed 550 5.1.1 unknown | 1 delivered 250 stored"},
        DialogueCase{"cut_between_two",
                     R"(S: 220 lmtp
                        C: LHLO us.example.test
                        S: 250 lmtp
                        C: MAIL *
                        S: 250 ok
                        C: RCPT *
                        S: 250 ok
                        C: RCPT *
                        S: 250 ok
                        C: DATA
                        S: 354 go on
                        C: Subject: x
                        C:
                        C: hello
                        C: .
                        S: 250 stored
                        wait 1
                        cut)",
                     "0 delivered 250 stored | 1 deferred 4.4.2 The connection broke before the "
                     "reply to the message: the peer closed the connection; it may have been "
                     "delivered, so that the next attempt may deliver it a second time"},
        DialogueCase{"no_helo_for_lmtp", "S: 220 x\nC: LHLO *\nS: 500 SMTP here\nC: QUIT\nS: 221",
                     "0 deferred! 500 SMTP here | 1 deferred! 500 SMTP here"}),
    &name_of);

class ClientTest : public CourierTest {};

TEST_F(ClientTest, TheNullSenderIsNobody) {
  hop("203.0.113.1:25", {"plain hello\nC: MAIL FROM:<>\nS: 550 no\nC: RSET\nS: 250 ok\nC: QUIT\n"
                         "S: 221 bye"});
  queue::Job bounce = job({"a@x.example"}, "x\r\n");
  queue::Envelope envelope = *bounce.envelope;
  envelope.sender = smtp::ReversePath();
  bounce.envelope = std::make_shared<const queue::Envelope>(std::move(envelope));
  EXPECT_EQ(attempt(kSmtp, bounce), "0 failed 550 no");
}

TEST_F(ClientTest, ALargeConvertedBodyIsSentInPartsAndArrivesWhole) {
  const std::string line(62, 'x');
  std::string text = "Subject: x\r\n\r\n\xC3\xBC\r\n";
  std::string script =
      "plain hello\nC: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\nC: Subject: x\n"
      "C: MIME-Version: 1.0\nC: Content-Type: text/plain*\n"
      "C: Content-Transfer-Encoding: quoted-printable\nC:\nC: =C3=BC\n";
  for (int i = 0; i < 10'000; ++i) {
    text += "." + line + "\r\n";
    script += "C: .." + line + "\n";
  }
  hop("203.0.113.1:25", {script + "C: .\nS: 250 taken\nC: QUIT\nS: 221 bye"});
  EXPECT_EQ(attempt(kSmtp, job({"a@x.example"}, text)), "0 relayed 250 taken");
}

TEST_F(ClientTest, LmtpOverAUnixSocket) {
  const auto socket = io::Endpoint::unix_socket("/run/lmtp.sock");
  hop("unix:/run/lmtp.sock", {"S: 220 l\nC: LHLO us.example.test\nS: 250 l\nC: MAIL *\nS: 250 ok\n"
                              "C: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\nC: x\nC: .\n"
                              "S: 250 stored\nC: QUIT\nS: 221 bye"});
  EXPECT_EQ(attempt(route::Lmtp{socket}, job({"a@x.example"}, "x\r\n")), "0 delivered 250 stored");
}

}  // namespace
}  // namespace veredus::deliver
