#include "wire/smtp/reply.h"

#include <algorithm>
#include <ranges>
#include <string>

#include <gtest/gtest.h>

#include "base/text.h"
#include "wire/smtp/capabilities.h"

namespace veredus::smtp {
namespace {

/// Feeds `lines` (separated by '\n') and returns the reply, or the error's text.
Result<PeerReply> parse(std::string_view lines, ReplyLimits limits = {}) {
  ReplyParser parser(limits);
  for (const auto part : lines | std::views::split('\n')) {
    auto fed = parser.feed(std::string_view(part.begin(), part.end()));
    if (!fed) return fail(fed.error());
    if (*fed) return std::move(**fed);
  }
  return fail(Fault::unavailable, "incomplete");
}

TEST(EnhancedStatus, ParsesWhatPeersSend) {
  EXPECT_EQ(EnhancedStatus::parse("5.1.1").value(), EnhancedStatus(5, 1, 1));
  EXPECT_EQ(EnhancedStatus::parse("4.7.999")->text(), "4.7.999");
  for (const char* bad :
       {"", "5", "5.1", "5.1.", "5.1.1.1", "3.1.1", "5.1000.1", "5.x.1", "5.1.1 "})
    EXPECT_FALSE(EnhancedStatus::parse(bad).has_value()) << bad;
}

TEST(Reply, Renders) {
  EXPECT_EQ(Reply(250, {2, 1, 5}, "Recipient ok").render(), "250 2.1.5 Recipient ok\r\n");
  EXPECT_EQ(Reply(354, "Go on").render(), "354 Go on\r\n");
  EXPECT_EQ(Reply(220, "").render(), "220 \r\n");
  EXPECT_EQ(Reply(250, "mx.example").add_line("SIZE 1").add_line("DSN").render(),
            "250-mx.example\r\n250-SIZE 1\r\n250 DSN\r\n");
  EXPECT_EQ(Reply(550, {5, 7, 1}, "No").add_line("Never").render(),
            "550-5.7.1 No\r\n550 5.7.1 Never\r\n");
}

TEST(Reply, CannotCarryAnother) {
  EXPECT_EQ(Reply(550, {5, 7, 1}, "a\r\n250 ok\tb").render(), "550 5.7.1 a  250 ok b\r\n");
  EXPECT_EQ(Reply(550, "\xC3\xBC\x01").render(), "550 \\xC3\\xBC\\x01\r\n");
  EXPECT_EQ(Reply(550, std::string("\0", 1)).render(), "550 \\x00\r\n");
}

TEST(Reply, FoldsLongTexts) {  // RFC 5321 §4.5.3.1.5
  std::string words;
  while (words.size() < 2000) words += "word ";
  for (const std::string& text : {words, std::string(2000, 'x'), std::string(502, 'x'),
                                  std::string(501, 'x'), std::string(500, ' ') + "y z"}) {
    const std::string wire = Reply(451, {4, 3, 0}, text).render();
    ReplyParser parser;
    std::optional<PeerReply> reply;
    for (std::size_t at = 0; at < wire.size();) {
      const std::size_t end = wire.find("\r\n", at);
      ASSERT_NE(end, std::string::npos);
      EXPECT_LE(end + 2 - at, kReplyLineOctetsMax);
      ASSERT_FALSE(reply.has_value()) << "more lines after the last";
      auto fed = parser.feed(std::string_view(wire).substr(at, end - at));
      ASSERT_TRUE(fed.has_value()) << fed.error().text();
      reply = std::move(*fed);
      at = end + 2;
    }
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->status, EnhancedStatus(4, 3, 0));
  }
}

TEST(Reply, SaysWhatAnErrorMeans) {
  EXPECT_EQ(reply_for(Error(Fault::malformed, "m")).render(), "501 5.5.4 m\r\n");
  EXPECT_EQ(reply_for(Error(Fault::refused, "r")).render(), "550 5.7.1 r\r\n");
  EXPECT_EQ(reply_for(Error(Fault::unavailable, "u")).render(), "451 4.3.0 u\r\n");
  EXPECT_EQ(reply_for(Error(Fault::overloaded, "o")).render(), "452 4.3.1 o\r\n");
  EXPECT_EQ(reply_for(Error(Fault::cancelled, "c")).render(), "421 4.3.2 c\r\n");
  EXPECT_EQ(reply_for_sender(Error(Fault::malformed, "m")).render(), "501 5.1.7 m\r\n");
  EXPECT_EQ(reply_for_recipient(Error(Fault::malformed, "m")).render(), "501 5.1.3 m\r\n");
  EXPECT_EQ(reply_for_sender(Error(Fault::refused, "r")).render(), "550 5.6.7 r\r\n");
  EXPECT_EQ(reply_for_recipient(Error(Fault::refused, "r")).render(), "553 5.6.7 r\r\n");
  EXPECT_EQ(reply_for_params(Error(Fault::overloaded, "o")).render(), "501 5.5.4 o\r\n");
  EXPECT_EQ(reply_for_params(Error(Fault::refused, "r")).render(), "555 5.5.4 r\r\n");
  EXPECT_EQ(reply_for_params(Error(Fault::malformed, "m")).render(), "501 5.5.4 m\r\n");
}

TEST(PeerReply, OneLine) {
  const auto reply = parse("550 5.1.1 No such user");
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->code, 550);
  EXPECT_EQ(reply->status, EnhancedStatus(5, 1, 1));
  EXPECT_EQ(reply->text(), "No such user");
  EXPECT_EQ(reply->verbatim(), "550 5.1.1 No such user");
  EXPECT_TRUE(reply->is_permanent());
  EXPECT_TRUE(parse("451 x")->is_transient());
  EXPECT_TRUE(parse("354 x")->is_positive());
}

TEST(PeerReply, SeveralLines) {
  const auto reply = parse("450-4.2.0 Slow\n450-4.2.0 down\n450 4.2.0 please");
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->lines().size(), 3U);
  EXPECT_EQ(reply->text(), "Slow down please");
}

TEST(PeerReply, TheStatusOfEachLineIsShownOnce) {
  EXPECT_EQ(parse("450-4.2.0 Slow\n450-4.2.0 down\n450 4.2.0 please")->verbatim(),
            "450 4.2.0 Slow down please");
  EXPECT_EQ(parse("550-5.1.1 No such user\n550-5.1.1\n550 5.1.1 here")->verbatim(),
            "550 5.1.1 No such user here");
  EXPECT_EQ(parse("550-5.1.1 No\n550 5.7.1 never")->verbatim(), "550 5.1.1 No 5.7.1 never")
      << "another status says something else";
  EXPECT_EQ(parse("550-No\n550 5.1.1 user")->verbatim(), "550 No 5.1.1 user");
}

TEST(PeerReply, KeepsUtf8AndHidesControls) {
  const auto reply = parse("552-5.2.2 Bo\xC3\xAEte\n552 5.2.2 pleine \xE2\x82\xAC\x1B[2J\xC3");
  EXPECT_EQ(reply->verbatim(), "552 5.2.2 Bo\xC3\xAEte pleine \xE2\x82\xAC\\x1B[2J\\xC3");
  EXPECT_EQ(reply->text(), "Bo\xC3\xAEte pleine \xE2\x82\xAC\\x1B[2J\\xC3");
}

TEST(PeerReply, ToleratesWhatIsCommon) {
  EXPECT_EQ(parse("250")->lines(), std::vector<std::string_view>{""});
  EXPECT_EQ(parse("250 ")->lines(), std::vector<std::string_view>{""});
  EXPECT_EQ(parse("250-\n250")->lines().size(), 2U);
  EXPECT_EQ(parse("250\tok")->text(), "ok");
  EXPECT_EQ(parse("250 gr\xFC\xDF")->text(), "gr\\xFC\\xDF");
  EXPECT_FALSE(parse("250 5.1.1 odd")->status.has_value()) << "class contradicts the code";
  EXPECT_EQ(parse("250 5.1.1 odd")->text(), "5.1.1 odd");
}

TEST(PeerReply, RefusesWhatIsNotSmtp) {
  for (const char* bad : {"", "2", "25", "25x ok", "250ok", "HTTP/1.1 400 Bad", "100 x", "600 x",
                          "250-a\n251 b", "250-a\n550 b", "-50 x", " 250 x"})
    EXPECT_FALSE(parse(bad).has_value()) << bad;
  EXPECT_FALSE(parse(std::string_view("250 a\0b", 7)).has_value());
  EXPECT_FALSE(parse("250 a\rb").has_value());
  EXPECT_FALSE(parse("250 " + std::string(5000, 'x')).has_value());
  EXPECT_FALSE(parse("250-a\n250-b\n250 c", {.lines_max = 2}).has_value());
}

TEST(PeerReply, ParserIsReadyForTheNext) {
  ReplyParser parser;
  ASSERT_FALSE(parser.feed("250-a")->has_value());
  EXPECT_TRUE(parser.is_inside());
  ASSERT_TRUE(parser.feed("250 b")->has_value());
  EXPECT_FALSE(parser.is_inside());
  const auto next = parser.feed("354 go");
  ASSERT_TRUE(next.has_value() && next->has_value());
  EXPECT_EQ((*next)->lines().size(), 1U);
}

TEST(PeerReply, OneAfterTheOtherInTheSamePlace) {
  ReplyParser parser;
  PeerReply reply;
  EXPECT_FALSE(parser.feed("550-5.1.1 No", reply).value());
  EXPECT_TRUE(parser.feed("550 5.1.1 user", reply).value());
  EXPECT_EQ(reply.verbatim(), "550 5.1.1 No user");
  EXPECT_EQ(reply.status, EnhancedStatus(5, 1, 1));
  EXPECT_TRUE(parser.feed("354 go", reply).value());
  EXPECT_EQ(reply.verbatim(), "354 go");
  EXPECT_FALSE(reply.status.has_value());
  EXPECT_TRUE(parser.feed("250 " + std::string(4000, 'x'), reply).value());
  EXPECT_TRUE(parser.feed("250 ok", reply).value());
  EXPECT_EQ(reply.verbatim(), "250 ok");
  EXPECT_LT(reply.said.capacity(), 4000U) << "a large reply's memory is not kept";
  EXPECT_FALSE(parser.feed("nothing", reply).has_value());
}

TEST(Capabilities, OfARealisticServer) {
  const auto caps = Capabilities::parse(
      *parse("250-mx.example greets you\n250-size 52428800\n250-PIPELINING\n250-8BITMIME\n"
             "250-AUTH PLAIN LOGIN\n250-AUTH=LOGIN scram-sha-256\n250-X-THING a b\n250-_odd?\n"
             "250 STARTTLS"));
  EXPECT_EQ(caps.peer_name(), "mx.example");
  EXPECT_EQ(caps.size_max(), 52428800U);
  EXPECT_TRUE(caps.has(Extension::pipelining) && caps.has(Extension::starttls));
  EXPECT_TRUE(caps.has(Extension::eight_bit_mime) && !caps.has(Extension::smtputf8));
  EXPECT_EQ(caps.auth_mechanisms(), (std::vector<std::string>{"PLAIN", "LOGIN", "SCRAM-SHA-256"}));
  EXPECT_TRUE(caps.has_auth("plain") && !caps.has_auth("CRAM-MD5"));
  ASSERT_NE(caps.find("x-thing"), nullptr);
  EXPECT_EQ(caps.find("x-thing")->params.size(), 2U);
  EXPECT_EQ(caps.entries().size(), 7U) << "the unreadable line is skipped";
}

TEST(Capabilities, SizeWithoutLimit) {  // RFC 1870 §4
  for (const char* size : {"SIZE", "SIZE 0", "SIZE abc", "SIZE 99999999999999999999"}) {
    const auto caps = Capabilities::parse(*parse(std::string("250-x\n250 ") + size));
    EXPECT_TRUE(caps.has(Extension::size)) << size;
    EXPECT_FALSE(caps.size_max().has_value()) << size;
  }
  EXPECT_FALSE(Capabilities::parse(PeerReply()).has(Extension::size));
}

TEST(Extension, NamesReadBack) {
  for (int i = 0; i <= static_cast<int>(Extension::help); ++i) {
    const auto extension = static_cast<Extension>(i);
    EXPECT_EQ(find_extension(ascii_lower(keyword(extension))), extension);
  }
  EXPECT_FALSE(find_extension("XYZZY").has_value());
}

}  // namespace
}  // namespace veredus::smtp
