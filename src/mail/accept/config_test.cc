#include "mail/accept/config.h"

#include <functional>

#include <gtest/gtest.h>

namespace veredus::accept {
namespace {

AcceptConfig good() {
  AcceptConfig config;
  config.hostname = "mx.example.test";
  return config;
}

TEST(AcceptConfig, DefaultsAreGood) { EXPECT_TRUE(checked(good())); }

TEST(AcceptConfig, TellsAllThatIsWrong) {
  AcceptConfig config = good();
  config.errors_max = 0;
  config.hops_max = 1;
  const auto result = checked(config);
  ASSERT_FALSE(result);
  EXPECT_TRUE(result.error().text().contains("accept.errors_max: must be at least 1 "));
  EXPECT_TRUE(result.error().text().contains("accept.hops_max: must be at least 30 "));
}

struct BadCase {
  const char* key;
  std::function<void(AcceptConfig&)> spoil;
};
class BadAcceptConfig : public testing::TestWithParam<BadCase> {};

TEST_P(BadAcceptConfig, NamesTheKey) {
  AcceptConfig config = good();
  GetParam().spoil(config);
  const auto result = checked(config);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().fault(), Fault::malformed);
  EXPECT_TRUE(result.error().text().starts_with("accept." + std::string(GetParam().key) + ": "))
      << result.error().text();
}

INSTANTIATE_TEST_SUITE_P(
    Keys, BadAcceptConfig,
    testing::Values(
        BadCase{"message_bytes_max", [](AcceptConfig& c) { c.message_bytes_max = 65535; }},
        BadCase{"recipients_max", [](AcceptConfig& c) { c.recipients_max = 99; }},
        BadCase{"expanded_recipients_max",
                [](AcceptConfig& c) { c.expanded_recipients_max = 999; }},
        BadCase{"command_octets_max", [](AcceptConfig& c) { c.command_octets_max = 511; }},
        BadCase{"text_line_octets_max", [](AcceptConfig& c) { c.text_line_octets_max = 999; }},
        BadCase{"hops_max", [](AcceptConfig& c) { c.hops_max = 29; }},
        BadCase{"sessions_max", [](AcceptConfig& c) { c.sessions_max = 0; }},
        BadCase{"sessions_per_client_max", [](AcceptConfig& c) { c.sessions_per_client_max = 0; }},
        BadCase{"errors_max", [](AcceptConfig& c) { c.errors_max = 0; }},
        BadCase{"idle_commands_max", [](AcceptConfig& c) { c.idle_commands_max = 9; }},
        BadCase{"memory_bytes_max", [](AcceptConfig& c) { c.memory_bytes_max = 1; }},
        BadCase{"memory_bytes_total_max",
                [](AcceptConfig& c) { c.memory_bytes_total_max = c.memory_bytes_max - 1; }},
        BadCase{"data_total_deadline",
                [](AcceptConfig& c) { c.data_total_deadline = std::chrono::seconds(299); }}),
    [](const auto& test) { return std::string(test.param.key); });

}  // namespace
}  // namespace veredus::accept
