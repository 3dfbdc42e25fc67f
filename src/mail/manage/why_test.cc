#include "mail/manage/why.h"

#include <gtest/gtest.h>

#include "mail/manage/manage_test_support.h"
#include "mail/manage/words.h"

namespace veredus::manage {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr WallTime kNow{hours(24 * 19'000) + hours(12)};
const SteadyTime kSteadyNow{hours(1000)};

queue::Listed message() {
  queue::Listed listed = listed_message("01J8XK3F2Q7RM", "me@client.example", {"you@far.example"});
  listed.envelope.received_at = kNow - minutes(12);
  return listed;
}

Circumstances now() {
  return {.now = kNow,
          .steady_now = kSteadyNow,
          .server_runs = true,
          .expire = hours(24 * 5),
          .bounce_expire = hours(24),
          .destination = "mx:far.example",
          .view = queue::DestinationView{.name = "mx:far.example", .workers = 0, .allowed = 2}};
}

void deferred(queue::Listed& listed) {
  queue::Standing& standing = listed.standings[0];
  standing.state = queue::State::deferred;
  standing.attempts = 3;
  standing.last_attempt = kNow - minutes(3);
  standing.next_attempt = kNow + minutes(5);
  standing.reply = "451 4.7.1 try later";
  standing.remote = "mx.far.example [192.0.2.9]";
}
void due(queue::Listed& listed) {
  deferred(listed);
  listed.standings[0].next_attempt = kNow - seconds(1);
}

struct Case {
  const char* name;
  void (*change)(queue::Listed&, Circumstances&);
  const char* blocker;
  const char* want;  ///< A part of the paragraph.
};
class Why : public testing::TestWithParam<Case> {};

TEST_P(Why, SaysWhatBlocksIt) {
  queue::Listed listed = message();
  Circumstances circumstances = now();
  GetParam().change(listed, circumstances);
  EXPECT_EQ(name(blocker(listed.standings[0], circumstances)), GetParam().blocker);
  const std::string said = why_message(listed, {0}, circumstances);
  EXPECT_NE(said.find(GetParam().want), std::string::npos) << said;
}

const std::vector kCases{
    Case{
        "just_accepted", [](auto&, auto&) {}, "about_to_be",
        "was accepted at 11:48:00 UTC, 12 min ago. It was not tried yet. Nothing keeps it back: it "
        "is about to be tried. An attempt that fails after 2022-01-13 11:48:00 UTC, in 5 days is "
        "the last one: then it is given up and the sender told."},
    Case{"backs_off", [](auto& listed, auto&) { deferred(listed); }, "back_off",
         "It was tried 3 times, the last time 3 min ago: mx.far.example [192.0.2.9] said: 451 "
         "4.7.1 try later. It waits for its next attempt at 12:05:00 UTC, in 5 min; `veredus queue "
         "retry 01J8XK3F2Q7RM` tries it at once."},
    Case{"held",
         [](auto& listed, auto&) {
           deferred(listed);
           listed.standings[0].held = true;
         },
         "held",
         "It is held by an operator: nothing is tried until `veredus queue release "
         "01J8XK3F2Q7RM`. It does not expire while it is held."},
    Case{"destination_paused", [](auto&, auto& around) { around.view->held = true; },
         "destination_paused",
         "The destination mx:far.example is paused by an operator: nothing is sent there until "
         "`veredus queue resume mx:far.example`."},
    Case{"left_alone",
         [](auto& listed, auto& around) {
           due(listed);
           around.view->failures = 5;
           around.view->paused_until = kSteadyNow + minutes(2);
         },
         "destination_failing",
         "The destination mx:far.example failed 5 times in a row and is left alone until 12:02:00 "
         "UTC, in 2 min; `veredus queue resume mx:far.example` ends that at once."},
    Case{"left_alone_before_its_first_attempt",
         [](auto&, auto& around) {
           around.view->last_error = "4.4.1 Cannot connect: Connection refused";
           around.view->failures = 2;
           around.view->paused_until = kSteadyNow + minutes(2);
         },
         "destination_failing",
         "It was not tried yet. The destination mx:far.example failed 2 times in a row and is left "
         "alone until 12:02:00 UTC, in 2 min; `veredus queue resume mx:far.example` ends that at "
         "once. Its last failure: 4.4.1 Cannot connect: Connection refused. An attempt"},
    Case{"left_alone_for_what_it_said_to_this_one",
         [](auto& listed, auto& around) {
           due(listed);
           around.view->last_error = "451 4.7.1 try later";
           around.view->paused_until = kSteadyNow + minutes(2);
         },
         "destination_failing", "ends that at once. An attempt"},
    Case{"left_alone_less_long_than_its_own_back_off",
         [](auto& listed, auto& around) {
           deferred(listed);
           around.view->paused_until = kSteadyNow + minutes(2);
         },
         "back_off", "next attempt at 12:05:00"},
    Case{"left_alone_longer_than_its_own_back_off",
         [](auto& listed, auto& around) {
           deferred(listed);
           around.view->paused_until = kSteadyNow + minutes(8);
         },
         "destination_failing", "is left alone until 12:08:00 UTC"},
    Case{"rate_limit",
         [](auto& listed, auto& around) {
           due(listed);
           around.view->waiting = 7;
           around.view->limit = "big provider";
           around.view->rate_limited_until = kSteadyNow + seconds(10);
         },
         "rate_limit",
         "had as many messages a minute as the limit `big provider` allows; the next one may go at "
         "12:00:10 UTC, in 10 s."},
    Case{"connections",
         [](auto& listed, auto& around) {
           due(listed);
           around.view->waiting = 7;
           around.view->workers = 2;
         },
         "connections",
         "All 2 connections that mx:far.example may have now are busy, and 7 more wait for one"},
    Case{"being_tried", [](auto&, auto& around) { around.view->workers = 1; }, "trying",
         "It is being tried right now, or is among the next: 1 connection at work for "
         "mx:far.example."},
    Case{"destination_unknown_yet",
         [](auto& listed, auto& around) {
           due(listed);
           around.view.reset();
         },
         "about_to_be", "about to be tried"},
    Case{"no_server",
         [](auto& listed, auto& around) {
           deferred(listed);
           around.server_runs = false;
           around.view.reset();
         },
         "no_server", "No server runs: nothing is tried until `veredus serve` is started."},
    Case{"failed",
         [](auto& listed, auto&) {
           deferred(listed);
           listed.standings[0].state = queue::State::failed;
         },
         "failed", "It is given up for good, and the sender is about to be told."},
    Case{"relayed", [](auto& listed, auto&) { listed.standings[0].state = queue::State::relayed; },
         "over", "Nothing more is to be done for it: it was relayed."},
    Case{"rerouted",
         [](auto& listed, auto&) { listed.standings[0].route = "smtp:relay.example:25"; },
         "about_to_be",
         "An operator sends it by smtp:relay.example:25 (`veredus queue reroute --default "
         "01J8XK3F2Q7RM` ends that)."},
    Case{"null_sender", [](auto& listed, auto&) { listed.envelope.sender = smtp::ReversePath(); },
         "about_to_be", "it is given up, and nobody is told, for its sender is the null one."},
    Case{"our_own_reason",
         [](auto& listed, auto&) {
           deferred(listed);
           listed.standings[0].attempts = 1;
           listed.standings[0].remote.clear();
           listed.standings[0].reply = "4.4.3 DNS gives no answer.";
         },
         "back_off", "It was tried once, 3 min ago: 4.4.3 DNS gives no answer. It waits"}};

INSTANTIATE_TEST_SUITE_P(All, Why, testing::ValuesIn(kCases),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(WhyMessage, NamesSomeOfManyRecipients) {
  const queue::Listed listed = listed_message(
      "01J8XK3F2Q7RM", "",
      {"a@far.example", "b@far.example", "c@far.example", "d@far.example", "e@far.example"});
  EXPECT_NE(why_message(listed, {0, 1}, now()).find("<a@far.example> and <b@far.example> was"),
            std::string::npos);
  EXPECT_NE(why_message(listed, {0, 1, 2, 3, 4}, now())
                .find("<a@far.example>, <b@far.example>, <c@far.example> and 2 others"),
            std::string::npos);
}

TEST(WhyDestination, TellsWhatWaitsAndWhatWasSaidLast) {
  Group group;
  group.messages = 2;
  group.recipients = 3;
  group.oldest = kNow - hours(3);
  group.last_error = "451 4.7.1 try later";
  group.last_remote = "mx.far.example [192.0.2.9]";
  group.last_error_at = kNow - minutes(3);
  EXPECT_EQ(
      why_destination(group, now()),
      "2 messages (3 recipients) wait for mx:far.example; the oldest came at 09:00:00 UTC, 3 h "
      "ago. The last failure was at 11:57:00 UTC, 3 min ago: mx.far.example [192.0.2.9] said: "
      "451 4.7.1 try later. All of it waits for its next attempt. `veredus queue retry "
      "--destination mx:far.example` tries everything at once.");
}

TEST(WhyDestination, TellsOfAPauseThoughNothingWaits) {
  Circumstances circumstances = now();
  circumstances.view->held = true;
  EXPECT_EQ(why_destination(Group(), circumstances),
            "Nothing in the queue is for mx:far.example. The destination mx:far.example is paused "
            "by an operator: nothing is sent there until `veredus queue resume mx:far.example`.");
}

TEST(Words, SayTimesAndSizes) {
  EXPECT_EQ(duration_words(seconds(119)), "119 s");
  EXPECT_EQ(duration_words(minutes(119)), "119 min");
  EXPECT_EQ(duration_words(hours(47)), "47 h");
  EXPECT_EQ(duration_words(hours(48)), "2 days");
  EXPECT_EQ(duration_words(seconds(-5)), "0 s");
  EXPECT_EQ(verdict_words("mx [192.0.2.9]", "451 4.7.1 no"), "mx [192.0.2.9] said: 451 4.7.1 no");
  EXPECT_EQ(verdict_words("mx [192.0.2.9]", "4.4.1 no"), "mx [192.0.2.9]: 4.4.1 no");
  EXPECT_EQ(verdict_words("", "4.4.3 no"), "4.4.3 no");
  EXPECT_EQ(size_words(1), "1 octet");
  EXPECT_EQ(size_words(4200), "4.2 kB");
  EXPECT_EQ(when_words(kNow + hours(13), kNow), "2022-01-09 01:00:00 UTC, in 13 h");
}

}  // namespace
}  // namespace veredus::manage
