#include "main/bench/report.h"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace veredus::bench {
namespace {

using std::chrono::microseconds;
using testing::HasSubstr;
using testing::Not;

TEST(Report, ForProgramsIsOneJsonObject) {
  Tally tally{.accepted = 4, .refused = 2, .failed = 1, .connections = 3};
  tally.took = std::chrono::seconds(2);
  for (const int time : {100, 200, 100, 1500}) tally.latency.add(microseconds(time));
  EXPECT_EQ(for_programs(tally),
            R"({"messages":4,"refused":2,"failed":1,"seconds":2.000000,"per_second":2.000,)"
            R"("connections":3,"latency_ms":{"mean":0.4750,"p50":0.100,"p90":1.500,"p99":1.500,)"
            R"("p999":1.500,"max":1.500}})"
            "\n");
}

TEST(Report, OfNothingHasNoNumberThatIsNone) {
  EXPECT_EQ(for_programs(Tally()),
            R"({"messages":0,"refused":0,"failed":0,"seconds":0.000000,"per_second":0.000,)"
            R"("connections":0,"latency_ms":{"mean":0.0000,"p50":0.000,"p90":0.000,"p99":0.000,)"
            R"("p999":0.000,"max":0.000}})"
            "\n");
}

TEST(Report, ForPeopleHasTheSame) {
  Tally tally{.accepted = 4, .refused = 2, .failed = 1, .connections = 3};
  tally.took = std::chrono::seconds(2);
  tally.latency.add(microseconds(1500));
  EXPECT_THAT(for_people(Tally()), Not(HasSubstr("each took")));
  EXPECT_THAT(for_people(tally), HasSubstr("4 accepted, 2 refused, 1 failed"));
  EXPECT_THAT(for_people(tally), HasSubstr("2 a second; each took 1.50 ms"));
}

}  // namespace
}  // namespace veredus::bench
