#include "mail/authenticate/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace veredus::authenticate {
namespace {

using testing::HasSubstr;

TEST(AuthenticateConfig, DefaultsAreGood) {
  const auto config = checked({});
  ASSERT_TRUE(config) << config.error().text();
  EXPECT_EQ(*config, AuthenticateConfig());
  EXPECT_FALSE(config->insecure_plain);
  for (const auto mechanism : config->mechanisms) EXPECT_NE(mechanism, sasl::Mechanism::cram_md5);
}

TEST(AuthenticateConfig, EveryRejectedKeyIsNamed) {
  AuthenticateConfig config;
  config.hash.passes = 0;
  config.hash.memory_bytes = 1024;
  config.scram_iterations = 1000;
  config.checks_at_once = 0;
  config.default_domain = "not a domain";
  config.pam.domains = {"also not"};
  config.pam.service = "../login";
  config.throttle.forgive = std::chrono::seconds(60);
  const auto result = checked(config);
  ASSERT_FALSE(result);
  for (const char* key :
       {"authenticate.hash.passes:", "authenticate.hash.memory_bytes:",
        "authenticate.scram_iterations:", "authenticate.checks_at_once:",
        "authenticate.default_domain:", "authenticate.pam.domains:", "authenticate.pam.service:",
        "authenticate.throttle.forgive: must be from 900"})
    EXPECT_THAT(result.error().text(), HasSubstr(key));
}

TEST(AuthenticateConfig, DomainsAndMechanismsGetOneForm) {
  AuthenticateConfig config;
  config.default_domain = "Example.ORG";
  config.pam.domains = {"B\u00dcCHER.example"};
  config.mechanisms = {sasl::Mechanism::plain, sasl::Mechanism::scram_sha_256,
                       sasl::Mechanism::plain};
  const auto result = checked(config);
  ASSERT_TRUE(result) << result.error().text();
  EXPECT_EQ(result->default_domain, "example.org");
  EXPECT_EQ(result->pam.domains.front(), "xn--bcher-kva.example");
  EXPECT_EQ(result->mechanisms,
            (std::vector{sasl::Mechanism::scram_sha_256, sasl::Mechanism::plain}));
}

}  // namespace
}  // namespace veredus::authenticate
