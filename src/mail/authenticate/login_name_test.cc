#include "mail/authenticate/login_name.h"

#include <gtest/gtest.h>

namespace veredus::authenticate {
namespace {

struct NameCase {
  const char* name;
  const char* text;
  const char* account;
  const char* credential;
  bool is_address;
};
class LoginNames : public testing::TestWithParam<NameCase> {};

TEST_P(LoginNames, AreBroughtToOneForm) {
  const NameCase& c = GetParam();
  const LoginName parsed = parse_login_name(c.text, "example.org");
  EXPECT_EQ(parsed.account, c.account);
  EXPECT_EQ(parsed.credential, c.credential);
  EXPECT_EQ(parsed.is_address, c.is_address);
}

INSTANTIATE_TEST_SUITE_P(
    All, LoginNames,
    testing::Values(
        NameCase{"address", "ann@example.net", "ann@example.net", "", true},
        NameCase{"case_folds", "Ann@Example.NET", "ann@example.net", "", true},
        NameCase{"idna", "ann@b\u00fccher.example", "ann@xn--bcher-kva.example", "", true},
        NameCase{"default_domain", "ann", "ann@example.org", "", true},
        NameCase{"app", "ann@example.net/phone", "ann@example.net", "phone", true},
        NameCase{"app_with_slash", "ann@example.net/a/b", "ann@example.net", "a/b", true},
        NameCase{"slash_in_local_part", "a/b@example.net", "a/b@example.net", "", true},
        NameCase{"app_default_domain", "a/b/phone", "a/b@example.org", "phone", true},
        NameCase{"no_address", "ann@@", "ann@@", "", false},
        NameCase{"literal", "ann@[192.0.2.1]", "ann@[192.0.2.1]", "", false},
        NameCase{"empty", "", "@example.org", "", false}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(LoginName, WithoutADefaultDomainANameIsNoAddress) {
  EXPECT_FALSE(parse_login_name("ann", "").is_address);
}

}  // namespace
}  // namespace veredus::authenticate
