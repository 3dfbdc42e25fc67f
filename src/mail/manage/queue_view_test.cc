#include "mail/manage/queue_view.h"

#include <gtest/gtest.h>

namespace veredus::manage {
namespace {

using std::chrono::seconds;

queue::Listed message() {
  queue::Listed listed;
  listed.envelope.id = *parse_queue_id("01J8XK3F2Q7RM");
  listed.envelope.sender = smtp::ReversePath(*smtp::Address::parse("me@client.example"));
  listed.envelope.recipients.push_back({.address = *smtp::Address::parse("you@far.example"),
                                        .original = "sales@example.test",
                                        .orcpt = {},
                                        .notify = {}});
  listed.envelope.received_at = WallTime(seconds(1'700'000'000));
  listed.envelope.size = 4096;
  listed.envelope.message_id = "<a@b>";
  listed.envelope.origin.client = "192.0.2.7:4711";
  listed.envelope.origin.helo = "client.example";
  listed.envelope.origin.protocol = "ESMTP";
  listed.standings.resize(1);
  return listed;
}

constexpr WallTime kNow{seconds(1'700'000'090)};

TEST(QueueView, ShowsAMessageThatWasNotTried) {
  EXPECT_EQ(to_json(message(), kNow),
            R"({"id":"01J8XK3F2Q7RM","received":"2023-11-14T22:13:20Z","age_seconds":90,)"
            R"("size":4096,"sender":"me@client.example","client":"192.0.2.7:4711",)"
            R"("helo":"client.example","protocol":"ESMTP","message_id":"<a@b>","recipients":[{)"
            R"("address":"you@far.example","original":"sales@example.test","state":"pending",)"
            R"("attempts":0,"next_attempt":null,"last_attempt":null,"reply":"","remote":""}]})");
}

TEST(QueueView, ShowsWhyAndUntilWhenItWaits) {
  queue::Listed listed = message();
  listed.standings[0].state = queue::State::deferred;
  listed.standings[0].attempts = 3;
  listed.standings[0].last_attempt = kNow;
  listed.standings[0].next_attempt = kNow + seconds(60);
  listed.standings[0].reply = "451 \"later\"";
  listed.standings[0].remote = "mx.far.example [192.0.2.9]";
  const std::string json = to_json(listed, kNow);
  EXPECT_NE(json.find(R"("state":"deferred","attempts":3,"next_attempt":"2023-11-14T22:15:50Z",)"
                      R"("last_attempt":"2023-11-14T22:14:50Z","reply":"451 \"later\"",)"
                      R"("remote":"mx.far.example [192.0.2.9]")"),
            std::string::npos)
      << json;
}

TEST(QueueView, NullSenderIsEmpty) {
  queue::Listed listed = message();
  listed.envelope.sender = smtp::ReversePath();
  EXPECT_NE(to_json(listed, kNow).find(R"("sender":"")"), std::string::npos);
}

TEST(QueueView, OctetsThatAreNoTextAreEscaped) {
  queue::Listed listed = message();
  listed.standings[0].reply = "550 \xFF\x01\nno";
  const std::string json = to_json(listed, kNow);
  EXPECT_NE(json.find(R"(550 \\xFF\\x01\\x0Ano)"), std::string::npos) << json;
}

}  // namespace
}  // namespace veredus::manage
