#include "mail/manage/queue_view.h"

#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include "mail/manage/manage_test_support.h"
#include "mail/manage/summary.h"

namespace veredus::manage {
namespace {

using std::chrono::seconds;

constexpr WallTime kNow{seconds(1'700'000'090)};

queue::Listed message() {
  queue::Listed listed = listed_message("01J8XK3F2Q7RM", "me@client.example", {"you@far.example"});
  listed.envelope.recipients[0].original = "sales@example.test";
  listed.envelope.received_at = WallTime(seconds(1'700'000'000));
  listed.envelope.size = 4096;
  listed.envelope.message_id = "<a@b>";
  listed.envelope.origin.client = "192.0.2.7:4711";
  listed.envelope.origin.helo = "client.example";
  listed.envelope.origin.protocol = "ESMTP";
  return listed;
}

std::string view(const queue::Listed& listed) {
  return boost::json::serialize(queue_view(listed, all_recipients(listed), {kNow, mx_of}));
}

TEST(QueueView, ShowsAMessageThatWasNotTried) {
  EXPECT_EQ(
      view(message()),
      R"({"id":"01J8XK3F2Q7RM","received":"2023-11-14T22:13:20Z","age_seconds":90,)"
      R"("size":4096,"sender":"me@client.example","client":"192.0.2.7:4711",)"
      R"("helo":"client.example","protocol":"ESMTP","account":"","message_id":"<a@b>",)"
      R"("recipients":[{"address":"you@far.example","original":"sales@example.test",)"
      R"("state":"pending","held":false,"destination":"mx:far.example","rerouted":false,)"
      R"("attempts":0,"next_attempt":null,"due":true,"last_attempt":null,"sender_warned":false,)"
      R"("reply":"","remote":""}]})");
}

TEST(QueueView, ShowsWhyAndUntilWhenItWaits) {
  queue::Listed listed = message();
  listed.standings[0].state = queue::State::deferred;
  listed.standings[0].attempts = 3;
  listed.standings[0].last_attempt = kNow;
  listed.standings[0].next_attempt = kNow + seconds(60);
  listed.standings[0].warned = true;
  listed.standings[0].held = true;
  listed.standings[0].route = "smtp:relay.example:25";
  listed.standings[0].reply = "451 \"later\"";
  listed.standings[0].remote = "mx.far.example [192.0.2.9]";
  EXPECT_NE(view(listed).find(
                R"("state":"deferred","held":true,"destination":"smtp:relay.example:25",)"
                R"("rerouted":true,"attempts":3,"next_attempt":"2023-11-14T22:15:50Z","due":false,)"
                R"("last_attempt":"2023-11-14T22:14:50Z","sender_warned":true,)"
                R"("reply":"451 \"later\"","remote":"mx.far.example [192.0.2.9]")"),
            std::string::npos)
      << view(listed);
}

/// Mail that waits behind a destination that cannot be reached has no reply of its own.
TEST(QueueView, ShowsWhatKeepsThoseBackThatWereNotTried) {
  const Destinations destinations({{.name = "mx:far.example",
                                    .last_error = "4.4.1 Cannot connect",
                                    .paused_until = SteadyTime(seconds(1060))}},
                                  {kNow, SteadyTime(seconds(1000))});
  queue::Listed listed = message();
  const auto pause = [&] {
    const auto view = queue_view(listed, {0}, {kNow, mx_of}, &destinations);
    const auto& recipient = view.at("recipients").as_array()[0].as_object();
    return recipient.contains("destination_paused")
               ? boost::json::serialize(recipient.at("destination_paused"))
               : "";
  };
  EXPECT_EQ(
      pause(),
      R"({"by_operator":false,"until":"2023-11-14T22:15:50Z","last_error":"4.4.1 Cannot connect"})");
  listed.standings[0].route = "smtp:relay.example:25";
  EXPECT_EQ(pause(), "");
  listed.standings[0].route.clear();
  listed.standings[0].state = queue::State::deferred;
  listed.standings[0].next_attempt = kNow + seconds(61);
  EXPECT_EQ(pause(), "") << "its own schedule is what it waits for";
  listed.standings[0].next_attempt = kNow + seconds(59);
  EXPECT_NE(pause(), "");
  listed.standings[0].held = true;
  EXPECT_EQ(pause(), "");
}

TEST(Destinations, AreFoundByName) {
  const SteadyTime now{seconds(1000)};
  const Destinations destinations({{.name = "mx:c"}, {.name = "mx:a"}, {.name = "mx:b"}},
                                  {kNow, now});
  ASSERT_NE(destinations.find("mx:b"), nullptr);
  EXPECT_EQ(destinations.find("mx:b")->name, "mx:b");
  EXPECT_EQ(destinations.find("mx:bb"), nullptr);
  EXPECT_EQ(destinations.find(""), nullptr);
  EXPECT_EQ(destinations.all().front().name, "mx:a");
  EXPECT_EQ(destinations.until(now + seconds(5)), kNow + seconds(5));
  EXPECT_FALSE(destinations.until(now) || destinations.until(std::nullopt));
}

TEST(QueueView, NullSenderIsEmpty) {
  queue::Listed listed = message();
  listed.envelope.sender = smtp::ReversePath();
  EXPECT_NE(view(listed).find(R"("sender":"")"), std::string::npos);
}

TEST(QueueView, OctetsThatAreNoTextAreEscaped) {
  queue::Listed listed = message();
  listed.standings[0].reply = "550 \xFF\x01\nno";
  EXPECT_NE(view(listed).find(R"(550 \\xFF\\x01\\x0Ano)"), std::string::npos) << view(listed);
}

TEST(QueueView, Utf8IsShownAsItIs) {
  queue::Listed listed = message();
  listed.standings[0].reply = "552 Bo\xC3\xAEte pleine";
  EXPECT_NE(view(listed).find("\"552 Bo\xC3\xAEte pleine\""), std::string::npos) << view(listed);
}

TEST(QueueView, ShowsJustTheRecipientsAskedFor) {
  const queue::Listed listed =
      listed_message("01J8XK3F2Q7RM", "", {"a@far.example", "b@far.example", "c@far.example"});
  const boost::json::object view = queue_view(listed, {0, 2}, {kNow, mx_of});
  ASSERT_EQ(view.at("recipients").as_array().size(), 2U);
  EXPECT_EQ(view.at("recipients").as_array()[1].at("address").as_string(), "c@far.example");
}

TEST(Summary, CountsAMessageOnceInEachGroup) {
  queue::Listed listed = listed_message("01J8XK3F2Q7RM", "me@client.example",
                                        {"a@far.example", "b@far.example", "c@near.example"});
  listed.envelope.size = 100;
  listed.envelope.received_at = kNow - seconds(50);
  listed.standings[1].state = queue::State::deferred;
  listed.standings[1].reply = "451 later";
  listed.standings[1].last_attempt = kNow;
  Summary summary(GroupBy::destination);
  summary.add(listed, all_recipients(listed), {kNow, mx_of});
  listed.envelope.received_at = kNow - seconds(70);
  summary.add(listed, {2}, {kNow, mx_of});
  summary.add(listed, {}, {kNow, mx_of});

  const Group& far = summary.groups().at("mx:far.example");
  EXPECT_EQ(far.messages, 1U);
  EXPECT_EQ(far.recipients, 2U);
  EXPECT_EQ(far.octets, 100U);
  EXPECT_EQ(far.last_error, "451 later");
  const Group& near = summary.groups().at("mx:near.example");
  EXPECT_EQ(near.messages, 2U);
  EXPECT_EQ(near.oldest, kNow - seconds(70));
  EXPECT_TRUE(near.last_error.empty());
  EXPECT_EQ(summary.total().messages, 2U);
  EXPECT_EQ(summary.total().recipients, 4U);
}

TEST(Summary, GroupsByAllThatItSays) {
  const queue::Listed listed = listed_message("01J8XK3F2Q7RM", "", {"a@far.example"});
  for (const auto& [by, want] :
       {std::pair{"destination", "mx:far.example"}, std::pair{"sender", "<>"},
        std::pair{"domain", "far.example"}, std::pair{"state", "pending"}}) {
    const auto parsed = parse_group_by(by);
    ASSERT_TRUE(parsed);
    Summary summary(*parsed);
    summary.add(listed, {0}, {kNow, mx_of});
    EXPECT_TRUE(summary.groups().contains(want)) << by;
  }
  EXPECT_FALSE(parse_group_by("colour"));
}

TEST(Summary, HoldsABoundedNumberOfGroups) {
  Summary summary(GroupBy::domain);
  for (std::size_t i = 0; i < Summary::kGroupsMax + 5; ++i)
    summary.add(listed_message("01J8XK3F2Q7RM", "", {"a@d" + std::to_string(i) + ".example"}), {0},
                {kNow, mx_of});
  EXPECT_EQ(summary.groups().size(), Summary::kGroupsMax + 1);
  EXPECT_EQ(summary.groups().at(std::string(Summary::kOthers)).messages, 5U);
}

}  // namespace
}  // namespace veredus::manage
