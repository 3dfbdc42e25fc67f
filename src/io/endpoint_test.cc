#include "io/endpoint.h"

#include <gtest/gtest.h>

namespace veredus::io {
namespace {

struct EndpointCase {
  const char* name;
  std::string text;
  std::uint16_t default_port;
  std::string_view want;  ///< Canonical form, or "!" and a part of the error.
};
class Parse : public testing::TestWithParam<EndpointCase> {};

TEST_P(Parse, GivesCanonicalTextOrSaysWhyNot) {
  const EndpointCase& c = GetParam();
  const auto endpoint = Endpoint::parse(c.text, c.default_port);
  if (c.want.starts_with('!')) {
    ASSERT_FALSE(endpoint);
    EXPECT_TRUE(endpoint.error().text().contains(c.want.substr(1))) << endpoint.error().text();
    return;
  }
  ASSERT_TRUE(endpoint) << endpoint.error().text();
  EXPECT_EQ(endpoint->text(), c.want);
  EXPECT_EQ(Endpoint::parse(endpoint->text()), *endpoint);
}

INSTANTIATE_TEST_SUITE_P(
    Endpoint, Parse,
    testing::Values(EndpointCase{"v4", "192.0.2.1:25", 0, "192.0.2.1:25"},
                    EndpointCase{"v4_default", "192.0.2.1", 25, "192.0.2.1:25"},
                    EndpointCase{"v4_port_wins", "192.0.2.1:26", 25, "192.0.2.1:26"},
                    EndpointCase{"v4_no_port", "192.0.2.1", 0, "!port is missing"},
                    EndpointCase{"v6", "[2001:DB8:0::1]:25", 0, "[2001:db8::1]:25"},
                    EndpointCase{"v6_default", "[::1]", 25, "[::1]:25"},
                    EndpointCase{"v6_bare_default", "::1", 25, "[::1]:25"},
                    EndpointCase{"v6_no_port", "::1", 0, "!port is missing"},
                    EndpointCase{"v6_open_bracket", "[::1", 25, "!expected address:port"},
                    EndpointCase{"v6_trailing", "[::1]x", 25, "!expected address:port"},
                    EndpointCase{"v4_in_brackets", "[192.0.2.1]:25", 0, "!expected address:port"},
                    EndpointCase{"unix", "unix:/run/x.sock", 0, "unix:/run/x.sock"},
                    EndpointCase{"unix_empty", "unix:", 0, "!path"},
                    EndpointCase{"unix_long", "unix:/" + std::string(4095, 'x'), 0, "!4095"},
                    EndpointCase{"host_name", "localhost:25", 0, "!expected address:port"},
                    EndpointCase{"port_high", "127.0.0.1:65536", 0, "!up to 65535"},
                    EndpointCase{"port_empty", "127.0.0.1:", 25, "!up to 65535"},
                    EndpointCase{"port_sign", "127.0.0.1:+1", 0, "!up to 65535"},
                    EndpointCase{"empty", "", 25, "!expected address:port"}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace veredus::io
