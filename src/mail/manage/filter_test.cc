#include "mail/manage/filter.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include "mail/manage/manage_test_support.h"

namespace veredus::manage {
namespace {

using std::chrono::hours;

constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};

/// From Me@Client.example, 4096 octets, 3 h old, to five recipients:
/// 0 you@far.example pending, 1 Box@far.example deferred, 2 you@near.example held,
/// 3 gone@near.example failed, 4 done@third.example relayed, rerouted by relay.example:587.
queue::Listed sample() {
  queue::Listed listed = listed_message("01J8XK3F2Q7RM", "Me@Client.example",
                                        {"you@far.example", "Box@far.example", "you@near.example",
                                         "gone@near.example", "done@third.example"});
  listed.envelope.received_at = kNow - hours(3);
  listed.envelope.size = 4096;
  listed.envelope.recipients[0].original = "sales@example.test";
  listed.standings[1].state = queue::State::deferred;
  listed.standings[2].held = true;
  listed.standings[3].state = queue::State::failed;
  listed.standings[4].state = queue::State::relayed;
  listed.standings[4].route = "smtp:relay.example:587";
  return listed;
}

struct Case {
  const char* name;
  std::vector<std::pair<const char*, const char*>> words;
  std::vector<std::uint32_t> want;
};
class Matching : public testing::TestWithParam<Case> {};

const std::vector<std::uint32_t> kAll{0, 1, 2, 3, 4};

TEST_P(Matching, PicksRecipients) {
  Filter filter;
  for (const auto& [name, text] : GetParam().words) {
    const Result<> done = set(filter, name, text);
    ASSERT_TRUE(done) << done.error().text();
  }
  EXPECT_EQ(matching(filter, sample(), {kNow, mx_of}), GetParam().want);
  // What is said over JSON means the same.
  const auto again = parse_filter(to_json(filter));
  ASSERT_TRUE(again) << again.error().text();
  EXPECT_EQ(*again, filter);
}

INSTANTIATE_TEST_SUITE_P(
    All, Matching,
    testing::Values(
        Case{"nothing_means_all", {}, kAll},
        Case{"sender", {{"sender", "Me@client.EXAMPLE"}}, kAll},
        Case{"sender_in_brackets", {{"sender", "<Me@client.example>"}}, kAll},
        Case{"sender_local_part_has_case", {{"sender", "me@client.example"}}, {}},
        Case{"sender_wildcard", {{"sender", "*@CLIENT.example"}}, kAll},
        Case{"sender_is_not_a_part", {{"sender", "client.example"}}, {}},
        Case{"null_sender_is_another", {{"sender", "<>"}}, {}},
        Case{"recipient", {{"recipient", "you@far.example"}}, {0}},
        Case{"recipient_as_rcpt_said", {{"recipient", "sales@example.test"}}, {0}},
        Case{"recipient_wildcard", {{"recipient", "you@*"}}, {0, 2}},
        Case{"recipient_wildcards", {{"recipient", "*o*@*ar.example"}}, {0, 1, 2, 3}},
        Case{"domain", {{"domain", "FAR.example"}}, {0, 1}},
        Case{"domain_wildcard", {{"domain", "*r.example"}}, {0, 1, 2, 3}},
        Case{"domain_is_whole", {{"domain", "example"}}, {}},
        Case{"destination", {{"destination", "mx:far.example"}}, {0, 1}},
        Case{"destination_host", {{"destination", "Far.Example"}}, {0, 1}},
        Case{"destination_chosen", {{"destination", "smtp:relay.example:587"}}, {4}},
        Case{"destination_chosen_host", {{"destination", "relay.example"}}, {4}},
        Case{"destination_left", {{"destination", "third.example"}}, {}},
        Case{"pending", {{"state", "pending"}}, {0}},
        Case{"deferred", {{"state", "DEFERRED"}}, {1}}, Case{"held", {{"state", "held"}}, {2}},
        Case{"failed", {{"state", "failed"}}, {3}}, Case{"bounced", {{"state", "bounced"}}, {}},
        Case{"older", {{"older_than", "2h"}}, kAll}, Case{"not_older", {{"older_than", "4h"}}, {}},
        Case{"younger", {{"younger_than", "4h"}}, kAll},
        Case{"not_younger", {{"younger_than", "3h"}}, {}},
        Case{"larger", {{"larger_than", "4kB"}}, kAll},
        Case{"not_larger", {{"larger_than", "4KiB"}}, {}},
        Case{"smaller", {{"smaller_than", "1MiB"}}, kAll},
        Case{"all_must_hold", {{"domain", "near.example"}, {"recipient", "you@*"}}, {2}},
        Case{"message_and_recipient", {{"older_than", "4h"}, {"domain", "far.example"}}, {}}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Filter, NullSenderIsMatchedByItsSignAlone) {
  queue::Listed listed = sample();
  listed.envelope.sender = smtp::ReversePath();
  Filter filter;
  ASSERT_TRUE(set(filter, "sender", "<>"));
  EXPECT_EQ(matching(filter, listed, {kNow, mx_of}), kAll);
  ASSERT_TRUE(set(filter, "sender", "*@*"));
  EXPECT_TRUE(matching(filter, listed, {kNow, mx_of}).empty());
}

TEST(Filter, IdsMeanThoseMessages) {
  Filter filter;
  filter.ids = {*parse_queue_id("01J8XK3F2Q7RM"), *parse_queue_id("01J8XK3F2Q7RN")};
  EXPECT_EQ(matching(filter, sample(), {kNow, mx_of}), kAll);
  filter.ids.erase(filter.ids.begin());
  EXPECT_TRUE(matching(filter, sample(), {kNow, mx_of}).empty());
}

struct Wrong {
  const char* name;
  const char* json;
  const char* want;
};
class WrongFilter : public testing::TestWithParam<Wrong> {};

TEST_P(WrongFilter, IsToldWhatIsWrong) {
  const auto filter = parse_filter(object_of(GetParam().json));
  ASSERT_FALSE(filter);
  EXPECT_EQ(filter.error().text(), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongFilter,
    testing::Values(
        Wrong{"unknown", R"({"colour":"red"})",
              "no such filter: colour; there are sender, recipient, domain, destination, state, "
              "older_than, younger_than, larger_than, smaller_than, and ids"},
        Wrong{"not_a_string", R"({"sender":1})", "sender: expected a string"},
        Wrong{"empty", R"({"sender":""})",
              "sender: expected an address such as me@client.example or *@far.example"},
        Wrong{"state", R"({"state":"lost"})",
              "state: expected pending, deferred, held, failed or bounced; found lost"},
        Wrong{"age", R"({"older_than":"soon"})",
              "older_than: expected a duration such as 30m, 2h or 5d; found soon"},
        Wrong{"age_without_end", R"({"older_than":"99999999999999d"})",
              "older_than: expected a duration such as 30m, 2h or 5d; found 99999999999999d"},
        Wrong{"size", R"({"larger_than":"1 furlong"})",
              "larger_than: expected a size such as 4096, 10kB or 1MiB; found 1 furlong"},
        Wrong{"ids", R"({"ids":"x"})", "ids: expected a list of queue ids"},
        Wrong{"id", R"({"ids":["x"]})", "x is not a queue id"},
        Wrong{"id_number", R"({"ids":[7]})", "ids is not a queue id"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Destination, IsNamedInFullOrByItsHost) {
  EXPECT_EQ(destination_host("mx:far.example"), "far.example");
  EXPECT_EQ(destination_host("smtp:relay.example:587"), "relay.example");
  EXPECT_EQ(destination_host("smtp:[2001:db8::1]:25"), "2001:db8::1");
  EXPECT_EQ(destination_host("lmtp:unix:/run/lmtp"), "unix");
  EXPECT_EQ(destination_host("local"), "local");
  EXPECT_TRUE(is_destination("relay.example:587", "smtp:relay.example:587"));
  EXPECT_FALSE(is_destination("relay.example:25", "smtp:relay.example:587"));
  EXPECT_TRUE(is_destination("LOCAL", "local"));
}

}  // namespace
}  // namespace veredus::manage
