#include "io/account_name.h"

#include <gtest/gtest.h>

namespace veredus::io {
namespace {

TEST(AccountName, FullNameIsTheFirstPartOfGecos) {
  EXPECT_EQ(full_name("Ann Example,Room 7,,", "ann"), "Ann Example");
  EXPECT_EQ(full_name("& Example", "ann"), "Ann Example");
  EXPECT_EQ(full_name("", "ann"), "");
  EXPECT_FALSE(calling_account().login.empty());
}

}  // namespace
}  // namespace veredus::io
