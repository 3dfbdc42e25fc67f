#include "wire/mime/received.h"

#include <gtest/gtest.h>

#include "wire/mime/header.h"

namespace veredus::mime {
namespace {

using namespace std::chrono_literals;

Trace usual() {
  Trace trace;
  trace.helo = "client.example";
  trace.client_name = "mail.client.example";
  trace.client_address = IpAddress::parse("192.0.2.1").value();
  trace.by = "mx.example.org";
  trace.protocol = "ESMTPS";
  trace.id = "01J8ABCDEFGHJ";
  trace.recipient = "you@example.org";
  trace.tls_cipher = "TLS_AES_256_GCM_SHA384";
  trace.time = std::chrono::sys_seconds(1700000000s);
  return trace;
}

TEST(ReceivedField, HoldsWhatWeKnow) {
  EXPECT_EQ(received_field(usual()),
            "Received: from client.example (mail.client.example [192.0.2.1])\r\n"
            "\tby mx.example.org with ESMTPS id 01J8ABCDEFGHJ for <you@example.org>\r\n"
            "\ttls TLS_AES_256_GCM_SHA384;\r\n"
            "\tTue, 14 Nov 2023 22:13:20 +0000\r\n");
}

TEST(ReceivedField, LeavesOutWhatWeDoNotKnow) {
  Trace trace = usual();
  trace.client_name.clear();
  trace.client_address = IpAddress::parse("2001:db8::1").value();
  trace.recipient.clear();
  trace.tls_cipher.clear();
  EXPECT_EQ(received_field(trace),
            "Received: from client.example (unknown [IPv6:2001:db8::1]) by mx.example.org\r\n"
            "\twith ESMTPS id 01J8ABCDEFGHJ;\r\n"
            "\tTue, 14 Nov 2023 22:13:20 +0000\r\n");
  trace.helo.clear();
  trace.client_address.reset();
  trace.protocol.clear();
  trace.note = "uid 1000";
  EXPECT_EQ(received_field(trace),
            "Received: by mx.example.org id 01J8ABCDEFGHJ (uid 1000);\r\n"
            "\tTue, 14 Nov 2023 22:13:20 +0000\r\n");
}

TEST(ReceivedField, CannotBeForgedByItsValues) {
  Trace trace = usual();
  trace.helo = "a (b) by c; d\r\nX: y";
  trace.recipient = "\"a> ; b\r\n\"@x";
  trace.note = "a) by evil (";
  const std::string field = received_field(trace);
  const Header header = scan_header(field);
  EXPECT_EQ(header.fields.size(), 1U);
  const auto read = parse_received(header.fields[0].body).value();
  EXPECT_EQ(read.from, "a??b??by?c??d??X:?y");
  EXPECT_EQ(read.by, "mx.example.org");
  EXPECT_EQ(read.id, trace.id);
}

TEST(ReceivedField, StaysUnder998OctetsWhateverTheValues) {
  Trace trace = usual();
  for (std::string* value : {&trace.helo, &trace.client_name, &trace.by, &trace.recipient,
                             &trace.id, &trace.note, &trace.protocol})
    *value = std::string(5000, 'x');
  const std::string field = received_field(trace);
  std::size_t begin = 0;
  for (std::size_t end = field.find("\r\n"); end != std::string::npos;
       begin = end + 2, end = field.find("\r\n", begin))
    EXPECT_LE(end - begin, 998U);
  EXPECT_EQ(begin, field.size());
}

TEST(ParseReceived, ReadsOurOwn) {
  const std::string field = received_field(usual());
  const auto read = parse_received(scan_header(field).fields[0].body).value();
  EXPECT_EQ(read.from, "client.example");
  EXPECT_EQ(read.from_comment, "mail.client.example [192.0.2.1]");
  EXPECT_EQ(read.from_address, IpAddress::parse("192.0.2.1").value());
  EXPECT_EQ(read.by, "mx.example.org");
  EXPECT_EQ(read.with, "ESMTPS");
  EXPECT_EQ(read.id, "01J8ABCDEFGHJ");
  EXPECT_EQ(read.recipient, "you@example.org");
  EXPECT_EQ(read.tls_cipher, "TLS_AES_256_GCM_SHA384");
  ASSERT_TRUE(read.date);
  EXPECT_EQ(read.date->time, std::chrono::sys_seconds(1700000000s));
}

TEST(ParseReceived, IsTolerant) {
  const auto qmail =
      parse_received(" (qmail 123 invoked by uid 5); 1 Jan 2024 00:00:00 -0000").value();
  EXPECT_TRUE(qmail.from.empty());
  EXPECT_TRUE(qmail.date);
  const auto exim = parse_received("from [192.0.2.7] (helo=x) by y with esmtp (Exim) id 1").value();
  EXPECT_EQ(exim.from, "192.0.2.7");
  EXPECT_EQ(exim.from_address, IpAddress::parse("192.0.2.7").value());
  EXPECT_FALSE(exim.date);
  EXPECT_FALSE(parse_received(""));
  EXPECT_FALSE(parse_received("hello (from me)"));
  EXPECT_EQ(parse_received(std::string(70000, 'x')).error().fault(), Fault::overloaded);
}

TEST(FinalDeliveryFields, CannotBeSplit) {
  EXPECT_EQ(return_path_field(""), "Return-Path: <>\r\n");
  EXPECT_EQ(return_path_field("a@b\r\nX: y"), "Return-Path: <a@bX: y>\r\n");
  EXPECT_EQ(delivered_to_field("you@example.org"), "Delivered-To: you@example.org\r\n");
}

}  // namespace
}  // namespace veredus::mime
