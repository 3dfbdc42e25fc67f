#include "main/torture/report.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace veredus::torture {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

/// A run in which all went well.
Report sound_report() {
  Report report;
  report.counts.messages = 1'234'567;
  report.counts.acknowledged = report.counts.arrived = 1'500'000;
  report.kills = 57;
  report.load_time = std::chrono::minutes(10);
  report.median = std::chrono::microseconds(1500);
  report.verified = true;
  return report;
}

TEST(Report, SaysInTheFirstLineHowMuchAndInTheLastWhatItMeans) {
  const std::string text = for_people(sound_report());
  EXPECT_THAT(text, StartsWith("1,234,567 messages acknowledged in 10 min over 57 kills\n"));
  EXPECT_THAT(text, HasSubstr("  lost                               0\n"));
  EXPECT_THAT(text, HasSubstr("1.5 ms"));
  EXPECT_TRUE(text.ends_with("verdict: nothing was lost\n")) << text;
  EXPECT_TRUE(sound_report().all_is_well());
}

TEST(Report, TellsWhatWasDeliveredTwiceAndWhetherItMay) {
  Report report = sound_report();
  report.counts.doubled_after_kill = 12;
  report.counts.doubled_after_cut = 5;
  EXPECT_TRUE(report.all_is_well());
  const std::string text = for_people(report);
  EXPECT_THAT(text, HasSubstr("  delivered twice                    0   never allowed"));
  EXPECT_THAT(text, HasSubstr("  ... after a kill                  12   allowed"));
  EXPECT_THAT(text, HasSubstr("  ... after a cut                    5   allowed"));
  const auto json = boost::json::parse(for_programs(report));
  EXPECT_EQ(json.at("delivered_twice").to_number<int>(), 0);
  EXPECT_EQ(json.at("delivered_twice_after_kill").to_number<int>(), 12);
  EXPECT_EQ(json.at("delivered_twice_after_cut").to_number<int>(), 5);
}

struct Case {
  const char* name;
  void (*spoil)(Report&);
  const char* verdict;
};
class Spoiled : public testing::TestWithParam<Case> {};

TEST_P(Spoiled, IsNotWellAndSaysWhy) {
  Report report = sound_report();
  GetParam().spoil(report);
  EXPECT_FALSE(report.all_is_well());
  EXPECT_THAT(for_people(report), HasSubstr(std::string("verdict: ") + GetParam().verdict));
  const auto json = boost::json::parse(for_programs(report));
  EXPECT_FALSE(json.at("nothing_lost").as_bool());
}

INSTANTIATE_TEST_SUITE_P(
    Each, Spoiled,
    testing::Values(
        Case{"lost", [](Report& report) { report.missing = 2; }, "2 RECIPIENTS ARE MISSING"},
        Case{"changed", [](Report& report) { report.counts.changed = 1; }, "1 MAILS WERE CHANGED"},
        Case{"doubled", [](Report& report) { report.counts.doubled = 3; },
             "3 MAILS WERE DELIVERED TWICE WITHOUT CAUSE"},
        Case{"interrupted",
             [](Report& report) {
               report.verified = false;
               report.interrupted = true;
               report.missing = 7;
             },
             "interrupted: 7 recipients were not yet verified"},
        Case{"stuck", [](Report& report) { report.still_queued = 1; }, "nothing was lost, but"},
        Case{"crashed", [](Report& report) { report.crashes = 1; }, "nothing was lost, but"},
        Case{"bounced", [](Report& report) { report.counts.strangers = 1; },
             "nothing was lost, but"},
        Case{"checked", [](Report& report) { report.problems = {"storage check"}; },
             "nothing was lost, but"},
        Case{"idle", [](Report& report) { report.counts = {}; }, "nothing was acknowledged"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Report, ListsTheMissingWithWhatIsKnown) {
  Report report = sound_report();
  report.missing = 51;
  report.missing_copies = {{{{42, 1}, {SteadyTime(), QueueId{1}, 3}},
                            "ann@local.example",
                            std::chrono::seconds(9),
                            false}};
  const std::string text = for_people(report);
  EXPECT_THAT(text, HasSubstr("number 42 for <ann@local.example>: acknowledged 9.0 s after the "
                              "start, after 3 kills; it is not in the queue\n    ...\n"));
  EXPECT_THAT(text, HasSubstr(veredus::text(QueueId{1})));
}

TEST(Report, LeavesOutForProgramsWhatIsNotKnown) {
  Report report = sound_report();
  auto json = boost::json::parse(for_programs(report));
  EXPECT_EQ(json.at("lost").to_number<int>(), 0);
  EXPECT_TRUE(json.at("flushes_per_second").is_null());
  report.verified = false;
  report.flushes_per_second = 250;
  json = boost::json::parse(for_programs(report));
  EXPECT_TRUE(json.at("lost").is_null());
  EXPECT_EQ(json.at("flushes_per_second").to_number<double>(), 250);
}

TEST(Grouped, PutsACommaAfterEveryThousand) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(1234567), "1,234,567");
}

}  // namespace
}  // namespace veredus::torture
