#include "wire/dsn/said.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace veredus::dsn {
namespace {

std::string status_in(std::string_view text) {
  const auto status = find_status(text);
  return status ? status->text() : "";
}

TEST(FindStatus, SeesCodesAmongOtherNumbers) {
  EXPECT_EQ(status_in("550 5.1.1 No"), "5.1.1");
  EXPECT_EQ(status_in("550-5.7.26 No"), "5.7.26");
  EXPECT_EQ(status_in("no mailbox (#5.1.1)"), "5.1.1");
  EXPECT_EQ(status_in("It was 4.4.7."), "4.4.7");
  EXPECT_EQ(status_in("host [5.1.1.1] and 192.0.2.1 said 5.2.2"), "5.2.2");
  EXPECT_EQ(status_in("v5.1.1 1.2.3 5.1 5.1.1x"), "");
  EXPECT_EQ(status_in(""), "");
}

TEST(FindCode, SeesCodesThatStandAlone) {
  EXPECT_EQ(find_code("host said: 550 no"), 550);
  EXPECT_EQ(find_code("421-4.4.2 x"), 421);
  EXPECT_EQ(find_code("SIZE=512 and 10.0.0.450 and 4500 then 452 x"), 452);
  EXPECT_EQ(find_code("599 x"), std::nullopt);
  EXPECT_EQ(find_code("250 ok 55"), std::nullopt);
}

}  // namespace
}  // namespace veredus::dsn
