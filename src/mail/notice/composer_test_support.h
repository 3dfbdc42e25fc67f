// For tests of notices: a request to change, and what holds for every notice.

#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "mail/notice/composer.h"
#include "wire/dsn/bounce.h"
#include "wire/dsn/report.h"
#include "wire/mime/charset.h"
#include "wire/mime/convert_8bit.h"
#include "wire/mime/structure.h"

namespace veredus::notice {

inline constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};
inline constexpr std::string_view kOriginal =
    "Received: from a by b\r\n"
    "From: Ann <ann@client.example>\r\n"
    "Subject: Lunch\r\n"
    "Message-ID: <lunch@client.example>\r\n"
    "\r\n"
    "Shall we?\r\n";

inline smtp::Address address(std::string_view text) {
  return *smtp::Address::parse(text, {.utf8_local_part = true});
}

inline Composer composer(NoticeConfig config = {}) {
  if (config.hostname.empty()) config.hostname = "mx.example.org";
  return *Composer::make(std::move(config));
}

/// A request of one recipient whose delivery failed, for tests to change.
struct Case {
  queue::Envelope envelope;
  std::vector<queue::NoticeRequest::Item> items;
  std::string message{kOriginal};
  queue::NoticeKind kind = queue::NoticeKind::failure;

  Case() {
    envelope.id = QueueId{77};
    envelope.sender = smtp::ReversePath(address("ann@client.example"));
    envelope.received_at = kNow - std::chrono::hours(1);
    add("kim@example.net", "550 5.1.1 No such user", "mx.example.net [192.0.2.1]");
  }
  queue::Recipient& add(std::string_view to, std::string reply, std::string remote) {
    queue::NoticeRequest::Item item;
    item.recipient = static_cast<std::uint32_t>(envelope.recipients.size());
    item.standing.state = queue::State::failed;
    item.standing.last_attempt = kNow - std::chrono::minutes(1);
    item.standing.reply = std::move(reply);
    item.standing.remote = std::move(remote);
    items.push_back(item);
    return envelope.recipients.emplace_back(
        queue::Recipient{address(to), "", std::nullopt, std::nullopt});
  }
  queue::Recipient& recipient() { return envelope.recipients.front(); }
  queue::Standing& standing() { return items.front().standing; }

  Result<queue::Message> compose(const Composer& by = composer()) {
    envelope.size = message.size();
    return by.compose(
        {kind, QueueId{99}, envelope, items, message, kNow, kNow + std::chrono::hours(96)});
  }
};

inline std::string octets(const queue::Message& message) {
  std::string out;
  for (const Bytes& chunk : message.chunks) out += chunk.view();
  return out;
}

/// What holds for every notice, however hostile what it tells of was.
inline void expect_sound(const queue::Message& notice, std::size_t recipients) {
  const std::string message = octets(notice);
  EXPECT_EQ(notice.envelope.size, message.size());
  EXPECT_TRUE(notice.envelope.sender.is_null());
  EXPECT_EQ(notice.envelope.recipients.size(), 1U);
  EXPECT_EQ(notice.envelope.origin.protocol, "notice");
  EXPECT_EQ(notice.envelope.body == smtp::Body::seven_bit, mime::is_ascii(message));
  // A next hop without 8BITMIME must be able to take it, or the sender never hears of it.
  EXPECT_TRUE(notice.envelope.utf8 || mime::to_seven_bit(message));
  std::string_view rest = message;
  while (!rest.empty()) {
    const std::size_t end = rest.find("\r\n");
    ASSERT_NE(end, rest.npos);
    EXPECT_LE(end, 998U);
    EXPECT_EQ(rest.substr(0, end).find_first_of(std::string_view("\r\n\0", 3)), rest.npos);
    rest.remove_prefix(end + 2);
  }
  const mime::Structure structure = mime::parse_structure(message);
  for (const char* field : {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted",
                            "MIME-Version", "Content-Type"})
    EXPECT_EQ(structure.root.fields.find_all(field).size(), 1U) << field;
  EXPECT_EQ(structure.root.fields.find_all("Bcc").size(), 0U);
  ASSERT_EQ(structure.root.children.size(), 3U);
  EXPECT_TRUE(structure.root.content_type.is("multipart", "report"));
  EXPECT_EQ(structure.root.content_type.parameter("report-type"), "delivery-status");
  const mime::Part& report = structure.root.children[1];
  EXPECT_TRUE(report.content_type.is("message", "delivery-status"));
  EXPECT_TRUE(mime::is_ascii(report.body.in(message)));
  const dsn::Report read = dsn::read_report(report.body.in(message));
  EXPECT_EQ(read.reporting_mta, (dsn::Typed{"dns", "mx.example.org"}));
  EXPECT_EQ(read.recipients.size(), recipients);
  for (const dsn::RecipientReport& recipient : read.recipients) {
    EXPECT_FALSE(recipient.final_recipient.text.empty());
    EXPECT_TRUE(recipient.action.has_value());
    EXPECT_TRUE(recipient.status.has_value());
  }
  EXPECT_EQ(dsn::read_bounce(message).kind, dsn::MailKind::report);
}

inline dsn::Report report_in(const queue::Message& notice) {
  const std::string message = octets(notice);
  const mime::Structure structure = mime::parse_structure(message);
  return dsn::read_report(structure.root.children.at(1).body.in(message));
}

inline std::string part_in(const queue::Message& notice, std::size_t index) {
  const std::string message = octets(notice);
  return std::string(mime::parse_structure(message).root.children.at(index).body.in(message));
}

}  // namespace veredus::notice
