#include "wire/mime/date.h"

#include <gtest/gtest.h>

namespace veredus::mime {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

constexpr sys_seconds kMoment = sys_days(std::chrono::year(1997) / 11 / 21) + 15h + 55min + 6s;

TEST(FormatDate, WritesRfc5322) {
  EXPECT_EQ(format_date(kMoment), "Fri, 21 Nov 1997 15:55:06 +0000");
  EXPECT_EQ(format_date(kMoment, -6h), "Fri, 21 Nov 1997 09:55:06 -0600");
  EXPECT_EQ(format_date(kMoment, 5h + 45min), "Fri, 21 Nov 1997 21:40:06 +0545");
  EXPECT_EQ(format_date(kMoment, -30min), "Fri, 21 Nov 1997 15:25:06 -0030");
  EXPECT_EQ(format_date(sys_seconds(0s) + 999ms), "Thu, 1 Jan 1970 00:00:00 +0000");
  EXPECT_EQ(format_date(sys_seconds(sys_days(std::chrono::year(1800) / 1 / 1))),
            "Tue, 2 Jan 1900 00:00:00 +0000");
}

struct DateCase {
  const char* name;
  std::string_view text;
  std::string_view want;  ///< As format_date() writes it, or "!".
};
class ParseDate : public testing::TestWithParam<DateCase> {};

TEST_P(ParseDate, ReadsOrRefuses) {
  const auto date = parse_date(GetParam().text);
  EXPECT_EQ(date ? format_date(date->time, date->offset) : "!", GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc5322Section33, ParseDate,
    testing::Values(
        DateCase{"full", "Fri, 21 Nov 1997 09:55:06 -0600", "Fri, 21 Nov 1997 09:55:06 -0600"},
        DateCase{"no_weekday", "21 Nov 1997 09:55 +0100", "Fri, 21 Nov 1997 09:55:00 +0100"},
        DateCase{"folded_with_comments", "Fri (day),\r\n 21 (\\) x) nov\t1997 (y) 9:55:06 GMT (z)",
                 "Fri, 21 Nov 1997 09:55:06 +0000"},
        DateCase{"two_digits_this_century", "1 Jan 49 00:00 UT", "Fri, 1 Jan 2049 00:00:00 +0000"},
        DateCase{"two_digits_last_century", "1 Jan 50 00:00 UT", "Sun, 1 Jan 1950 00:00:00 +0000"},
        DateCase{"three_digits", "1 Jan 103 00:00 UT", "Wed, 1 Jan 2003 00:00:00 +0000"},
        DateCase{"obsolete_zone", "1 Jan 2024 00:00 PDT", "Mon, 1 Jan 2024 00:00:00 -0700"},
        DateCase{"military_zone", "1 Jan 2024 00:00 A", "Mon, 1 Jan 2024 00:00:00 +0000"},
        DateCase{"no_zone", "1 Jan 2024 00:00", "Mon, 1 Jan 2024 00:00:00 +0000"},
        DateCase{"leap_second", "31 Dec 2016 23:59:60 +0000", "Sat, 31 Dec 2016 23:59:59 +0000"},
        DateCase{"leap_day", "29 Feb 2024 00:00 +0000", "Thu, 29 Feb 2024 00:00:00 +0000"},
        DateCase{"far_future", "31 Dec 9999 23:00 -0200", "Fri, 31 Dec 9999 23:00:00 -0200"},
        DateCase{"no_such_day", "29 Feb 2023 00:00 +0000", "!"},
        DateCase{"day_out_of_range", "257 Jan 2023 00:00 +0000", "!"},
        DateCase{"no_such_hour", "1 Jan 2023 24:00 +0000", "!"},
        DateCase{"no_month", "1 Foo 2023 00:00 +0000", "!"},
        DateCase{"five_digit_year", "1 Jan 12023 00:00 +0000", "!"},
        DateCase{"too_short", "1 Jan 2023", "!"}, DateCase{"nothing", "", "!"}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace veredus::mime
