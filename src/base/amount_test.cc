#include "base/amount.h"

#include <gtest/gtest.h>

namespace veredus {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

TEST(Amount, IsRead) {
  EXPECT_EQ(parse_duration("90"), seconds(90));
  EXPECT_EQ(parse_duration("2h"), hours(2));
  EXPECT_EQ(parse_duration("1W"), hours(7 * 24));
  EXPECT_EQ(parse_size("10kB"), 10'000U);
  EXPECT_EQ(parse_size("1mib"), 1'048'576U);
  for (const char* wrong : {"", "h", "-1h", "1.5h", "1 fortnight", "99999999999999999999"})
    EXPECT_FALSE(parse_duration(wrong)) << wrong;
  for (const char* wrong : {"", "kB", "-1", "18446744073709551615kB", "1tb"})
    EXPECT_FALSE(parse_size(wrong)) << wrong;
}

}  // namespace
}  // namespace veredus
